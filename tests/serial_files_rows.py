"""Files of panel serial numbers: repeated serial numbers, and rows with several
problems, each with exactly what has to come of it."""

from tests.serial_files import (
    FIELDS,
    HEAD,
    A,
    B,
    C,
    bad,
    line,
    many,
    ok,
    problems_of,
    row,
    text,
)
from tests.serial_files_more import each

# A case a line: the serial numbers of rows 2 and on, and which rows repeat one.
REPEATED = """
the whole row again :: SN1|SN1 :: 3
in other letters :: SN1a|sn1A :: 3
with blanks around :: SN1|  SN1 :: 3
with no-break spaces around :: SN1\u00a0|\u00a0SN1 :: 3
with an apostrophe taken off :: -SN1|'-SN1 :: 3
three times :: SN1|SN1|sn1 :: 3 4
two pairs :: SN1|SN2|SN2|SN1 :: 4 5
leading zeros count :: 123|0123|00123 ::
hyphens and dots count :: AB12|AB-12|AB.12|A-B12 ::
letters are not the digits they look like :: SN0|SNO0|SN00|SN1|SNI1|SNL1 ::
"""
# A case a line: the rows below the heading, then row, field and code of each problem.
PROBLEMS = """
all but the serial number differs :: {A}¶X,Y,Z,{a} :: 3 serial duplicate
repeated below empty lines :: ¶{A}¶¶,,,¶{B}¶{A} :: 7 serial duplicate
repeated, another problem :: {A}¶,Y,Z,{a} :: 3 supplier missing; 3 serial duplicate
repeated from a bad row :: ,Y,Z,{a}¶{A} :: 2 supplier missing; 3 serial duplicate
a row that ends early :: X,Y,Z¶{A} :: 2 serial missing
a row of one cell :: {A}¶X :: 3 licensee missing; 3 model missing; 3 serial missing
a bare comma in a name :: X, Ltd,Y,Z99,SN9¶{A} :: 2 - extra_cell
in apostrophes :: {A}¶'X, Ltd',Y,Z99,SN9 :: 3 supplier character; 3 - extra_cell
tall rows :: "A¶B",Y,Z,S80¶X,Y,Z,A1 :: 2 supplier hidden_character; 3 serial too_short
two in one row :: {A}¶ ,Y,Z,N/A¶{B} :: 3 supplier missing; 3 serial missing
many :: ¶X,,Z,{a}¶{A}¶{B},x :: 3 licensee missing; 4 serial duplicate; 5 - extra_cell
two further cells :: {A},x,y¶{B} :: 2 - extra_cell
a far further cell :: {A}¶{B},,,,x :: 3 - extra_cell
further cells in two rows :: {A},x¶{B},,¶{C},0 :: 2 - extra_cell; 4 - extra_cell
below lines of commas :: ,,,¶{A}¶,¶X,Y,Z,A1 :: 5 serial too_short
"""


def repeated(case):
    name, serials, at = case.split(" ::")
    rows = [row(serial) for serial in serials.strip(" ").split("|")]
    found = [(int(number), FIELDS[3], "duplicate") for number in at.split()]
    return bad(name, text(*rows), *found) if found else ok(name, text(*rows), *rows)


def with_problems(case):
    name, rows, said = case.split(" :: ")
    rows = rows.format(A=line(A), B=line(B), C=line(C), a=A[3]).replace("¶", "\r\n")
    return bad(f"rows: {name}", text() + rows, *problems_of(said))


ROWS = [
    *map(repeated, REPEATED.strip().splitlines()),
    *map(with_problems, PROBLEMS.strip().splitlines()),
    bad("damaged alike", text(*[row("1E+20")] * 2), *each(2, 3, "spreadsheet_damage")),
    bad("repeated after 1,000", text(*many(999), A), (1001, FIELDS[3], "duplicate")),
    bad(
        "lines end in LF CR",
        text(A, row("A1"), eol="\n\r"),
        (5, FIELDS[3], "too_short"),
    ),
    bad("a cell in front", text(("x", *A), head=("", *HEAD)), (2, "", "extra_cell")),
    bad("a cell unnamed", text((*A, "x"), head=(*HEAD, "")), (2, "", "extra_cell")),
]
