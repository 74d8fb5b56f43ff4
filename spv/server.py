"""A mend for waitress, the server that `make run` uses."""

import re

from waitress import parser

# Its own pattern takes a time that grows with the square of the blanks in a header:
# 16 kB of them take a second, and 128 kB a minute, during which nobody is answered.
# This one takes the same headers, and tries nothing twice.
HEADER = re.compile(
    rb"\A(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]++):[ \t]*+"
    rb"(?P<value>(?:[\x21-\x7e\x80-\xff]++(?:[ \t]++(?=[\x21-\x7e\x80-\xff]))?+)*+)"
    rb"[ \t]*+$"
)


def mend_waitress() -> None:
    """Let waitress read headers in a time that grows with their length."""
    parser.HEADER_FIELD_RE = HEADER
