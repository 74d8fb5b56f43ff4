"""The rules of the scheme and of the files that people send.

Pure: the standard library only. Nothing here reads a clock, a database, a setting or a
request. What a rule needs it is given, and what it finds wrong it raises as a
ValidationError.
"""
