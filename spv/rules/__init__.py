"""The rules of the scheme and of the files that people send.

Pure functions that use the standard library, stdnum and cryptography. They read no
clock, database, setting or request: a rule gets everything it needs as an argument, and
raises ValidationError if the input is wrong.
"""
