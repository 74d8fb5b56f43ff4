"""Files of panel serial numbers, each with exactly what has to come of it.

Written from the rules ("How a file is read") and not from the program. This module
has encodings, kinds, delimiters and headings; serial_files_more has the rest. Rows
are counted as a spreadsheet counts them: empty lines count, and a row whose cell has
line breaks is one row. Problems stand in the order of rows, and of the four columns
within a row, those without a column last.
"""

import io
import zipfile
from itertools import cycle
from typing import NamedTuple

Row = tuple[str, str, str, str]
Problem = tuple[int, str, str]

FIELDS = ("supplier_name", "licensee", "model_number", "serial_number")
HEAD = ("Supplier name", "Licensee/Certificate holder", "Model number", "Serial number")
S, L, M, N = HEAD
MARK, LOW, HIGH = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"
ANY_WORDS = " "  # refused as a whole; no word of the sentence is fixed by the rules


class File(NamedTuple):
    name: str
    data: bytes
    rows: list[Row] | None = None  # what is stored, where the file is accepted
    problems: tuple[Problem, ...] = ()  # (row, field, code)
    refused: str = ""  # words of the sentence, where the whole file is refused


def row(serial, supplier="Acme Solar", licensee="Bright Holdings", model="M-450"):
    return supplier, licensee, model, serial


def many(count):
    return [row(f"SN{number:06}") for number in range(1, count + 1)]


def in_quotes(cell):
    return '"' + cell.replace('"', '""') + '"'


def line(cells):
    """The cells with commas between, in quotes where they need them."""
    return ",".join(in_quotes(c) if any(s in c for s in ',"\r\n') else c for c in cells)


def quoted(*rows):
    return "".join(",".join(map(in_quotes, cells)) + "\r\n" for cells in rows)


def text(*rows, head=HEAD, eol="\r\n"):
    """A good file: () is an empty line, EMPTY a line of only commas."""
    return "".join(line(cells) + eol for cells in (head, *rows))


def in_bytes(data):
    return data.encode() if isinstance(data, str) else data


def ok(name, data, *rows):
    return File(name, in_bytes(data), rows=list(rows))


def bad(name, data, *problems):
    return File(name, in_bytes(data), problems=problems)


def no(name, data, words):
    return File(name, in_bytes(data), refused=words)


def problems_of(said):
    """The problems of a case that is a line: row, column, code; - is no column."""
    named = dict(zip(("supplier", "licensee", "model", "serial"), FIELDS, strict=True))
    for at, column, code in map(str.split, said.split("; ")):
        name = code.replace("~", "heading_")
        yield int(at), named.get(column, ""), name


def zipped(*names):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return held.getvalue()


def mixed(rows):
    """The items with lines that end in CRLF, LF and CR by turns."""
    ends = cycle(("\r\n", "\n", "\r"))
    return "".join(line(cells) + next(ends) for cells in (HEAD, *rows))


def spaced(rows):
    """The items with empty lines and lines of commas and blanks before and after."""
    return text(*(c for r in ((), *rows) for c in (r, (), EMPTY, (" ", "", ""))))


EMPTY = ("", "", "", "")
SHAPES = {
    "lines end in CRLF": lambda rows: text(*rows),
    "lines end in LF": lambda rows: text(*rows, eol="\n"),
    "lines end in CR": lambda rows: text(*rows, eol="\r"),
    "mixed line ends": mixed,
    "no line end at the end": lambda rows: text(*rows)[:-2],
    "empty lines between": spaced,
    "empty lines at the end": lambda rows: text(*rows, (), EMPTY, (), ()),
    "every cell quoted": lambda rows: quoted(HEAD, *rows),
    "UTF-16": lambda rows: text(*rows).encode("utf-16"),
}
A, B, C = many(3)
AB = text(A, B)
CAFE = row("SN1", supplier="Caf\u00e9 Solaire")
SUN = row("SN2", supplier="Sun \U0001f31e \u592a\u967d")


ODD = AB.replace("Acme", "\ud83c").encode("utf-16", "surrogatepass")
WRONG = [
    ("UTF-16 without a mark, low byte first", "utf-16-le", "Acme"),
    ("UTF-16 without a mark, high byte first", "utf-16-be", "Acme"),
    ("UTF-16 without a mark, with an accent", "utf-16-le", "Caf\u00e9"),
    ("UTF-32 with a mark", "utf-32", "Acme"),
    ("Latin-1", "latin-1", "Caf\u00e9"),
    ("Windows-1252 with a curly apostrophe", "cp1252", "Sam\u2019s Solar"),
    ("Windows-1252 with a euro sign", "cp1252", "\u20ac Solar"),
    ("Windows-1251 (Cyrillic)", "cp1251", "\u0421\u043e\u043b\u043d"),
    ("KOI8-R (Cyrillic)", "koi8-r", "\u0421\u043e\u043b\u043d"),
    ("the encoding of old Macs", "mac-roman", "Caf\u00e9"),
    ("the encoding of DOS", "cp437", "Caf\u00e9"),
    ("Shift-JIS", "shift-jis", "\u592a\u967d"),
    ("GBK", "gbk", "\u6676\u79d1"),
    ("Big5", "big5", "\u592a\u967d"),
    ("EUC-KR", "euc-kr", "\ud55c\ud654"),
    ("EBCDIC of a mainframe", "cp500", "Acme"),
]
DAMAGED = [
    ("a lone byte of the middle of a character", b"Ac\x80me"),
    ("a byte that never occurs", b"Ac\xffme"),
    ("a character of which the end is missing", b"Caf\xc3"),
    ("a slash written too long", b"Ac\xc0\xafme"),
    ("half of a pair of UTF-16", b"Ac\xed\xa0\x80me"),
    ("a number beyond the last character", b"Ac\xf4\x90\x80\x80me"),
    ("one name in Latin-1 among UTF-8", b"Caf\xc3\xa9 Caf\xe9"),
]
ENCODINGS = [
    ok("plain ASCII", AB.encode("ascii"), A, B),
    ok("UTF-8 without a mark", text(CAFE, SUN), CAFE, SUN),
    ok("UTF-8 with a mark", MARK + text(CAFE, SUN).encode(), CAFE, SUN),
    ok("UTF-8 with a mark, quoted", MARK + quoted(HEAD, A).encode(), A),
    ok("UTF-16, low byte first", LOW + text(CAFE).encode("utf-16-le"), CAFE),
    ok("UTF-16, high byte first", HIGH + text(SUN).encode("utf-16-be"), SUN),
    ok("UTF-16, lines end in LF", LOW + text(SUN, eol="\n").encode("utf-16-le"), SUN),
    ok("UTF-16, lines end in CR", HIGH + text(A, eol="\r").encode("utf-16-be"), A),
    *(
        no(name, text(row("SN1", put)).encode(code), "UTF-8")
        for name, code, put in WRONG
    ),
    *(
        no(f"damaged UTF-8: {name}", AB.encode().replace(b"Acme", put, 1), "UTF-8")
        for name, put in DAMAGED
    ),
    no("UTF-8 cut within a character", text(A, ("Caf\u00e9",)).encode()[:-3], "UTF-8"),
    no("UTF-8 mark, then Latin-1", MARK + text(CAFE).encode("latin-1"), "UTF-8"),
    no("UTF-16 cut within a character", AB.encode("utf-16")[:-1], "UTF-8"),
    no("UTF-16 with half of a pair", ODD, "UTF-8"),
    no("a NUL in a name", AB.replace("Acme", "Ac\0me"), ANY_WORDS),
    no("a NUL in a serial number", AB.replace("SN", "SN\0"), ANY_WORDS),
    no("a NUL at the end", AB + "\0", ANY_WORDS),
    no("a NUL in UTF-16", AB.replace("Acme", "\0").encode("utf-16"), ANY_WORDS),
]

CONTENT, BOOK = "[Content_Types].xml", "xl/workbook.xml"
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
PAGE = "<table>\r\n<tr><td>Supplier name</td></tr>\r\n</table>\r\n"
KINDS = [
    no("an Excel workbook", zipped(CONTENT, "_rels/.rels", BOOK), "Excel"),
    no("an Excel workbook in another order", zipped(BOOK, CONTENT), "Excel"),
    no("a binary Excel workbook", zipped(CONTENT, "xl/workbook.bin"), "Excel"),
    no("an Excel workbook of before 2007", OLD_EXCEL, "Excel"),
    no("a zip file with a CSV file inside", zipped("panels.csv"), "zip"),
    no("a zip file with a workbook inside", zipped("panels.xlsx"), "zip"),
    no("a zip file with nothing inside", zipped(), "zip"),
    no("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF"),
    no("a PDF of plain characters only", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "PDF"),
    no("a JPEG picture", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "UTF-8"),
    no("a PNG picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "UTF-8"),
    no("a JSON file", '{"Supplier name": "Acme"}\r\n', "JSON"),
    no("a web page", PAGE, "web page (HTML)"),
]

SEMICOLONS = row("SN1", "A; B; C;", "D;E;F;G", "M;4;5;0")
PIPES = row("SN1", "A | B | C", "D|E|F|G", "M|4|5|0")
WITH_COMMAS = AB.replace(",", ";").replace("Acme", "A, B").replace("M-", "M,")
DELIMITERS = [
    *(
        no(f"{name} between cells, {more}", made.replace("~", sign), name)
        for name, sign in (("semicolon", ";"), ("tab", "\t"), ("pipe", "|"))
        for more, made in (
            ("nothing else", AB.replace(",", "~")),
            ("after a mark", "\ufeff" + AB.replace(",", "~")),
            ("after empty lines", "\r\n\r\n" + AB.replace(",", "~")),
            ("all quoted", quoted(HEAD, A, B).replace('","', '"~"')),
        )
    ),
    no("tab in UTF-16", AB.replace(",", "\t").encode("utf-16"), "tab"),
    no("semicolon, with commas in names", WITH_COMMAS, "semicolon"),
    bad("circumflex between cells", AB.replace(",", "^"), (1, "", "no_heading")),
    ok("semicolons in names", text(SEMICOLONS, B), SEMICOLONS, B),
    ok("pipes in names", text(PIPES, B), PIPES, B),
]

# A case a line. A pilcrow ends a line of the file. Only the row {A} is stored.
GOOD_HEADS = """
headings in capitals :: SUPPLIER NAME,LICENSEE/CERTIFICATE HOLDER,MODEL NUMBER,{NN}
headings in small letters :: supplier name,licensee/certificate holder,{m},{n}
headings in mixed case :: sUPPLIER Name,LICENSEE/certificate Holder,mODEL nUMBER,{N}
a heading in the agency's way :: {S},Licensee/certificate holder,{M},{N}
headings with runs of blanks :: {S},  Licensee/Certificate   holder ,Model    number,{N}
a heading with a no-break space :: Supplier\u00a0name,{L},{M},{N}
a heading with a tab for its blank :: {S},{L},Model\tnumber,{N}
headings with a line break within :: "Supplier¶name",{L},{M},"Serial¶number"¶{A}
one unnamed column after the four :: {H},
five unnamed columns after the four :: {H},,,,,
an unnamed column that has its commas :: {H},¶{A},
rows with more commas than the heading :: {H}¶{A},,,
an unnamed column before the four :: ,{H}¶,{A}
unnamed columns within and after :: {S},,{L},{M},{N},¶Acme Solar,,{LMN},
an unnamed column of blanks only :: {H},  ,¶{A}, \u00a0 ,
'Problem' and 'How to fix', filled :: {H},Problem,How to fix¶{A},Too short,Scan it again
'How to fix' and 'Problem' in front :: HOW  TO FIX, problem ,{H}¶"a, b",x\u200by,{A}
'Problem' and 'How to fix', empty :: {H},Problem,How to fix
'Problem' alone :: {H},Problem¶{A},N/A
'How to fix' among unnamed :: {H},,how to fix,¶{A},,Scan it again,
empty lines before the heading :: ¶¶¶{H}
lines of commas before the heading :: ,,,¶ , ,,¶{H}
"""
# A case a line: the heading, then row, column and code of each problem.
BAD_HEADS = """
no supplier :: {L},{M},{N} :: 1 supplier ~missing
no licensee :: {S},{M},{N} :: 1 licensee ~missing
no model :: {S},{L},{N} :: 1 model ~missing
no serial number :: {S},{L},{M} :: 1 serial ~missing
no supplier and no model :: {L},{N} :: 1 supplier ~missing; 1 model ~missing
only serials :: {N} :: 1 supplier ~missing; 1 licensee ~missing; 1 model ~missing
an unnamed column in place of one :: {S},{L},,{N} :: 1 model ~missing
supplier twice :: {H},{S} :: 1 supplier ~repeated
licensee twice :: {H},{L} :: 1 licensee ~repeated
model twice :: {H},{M} :: 1 model ~repeated
serial number twice :: {N},{H} :: 1 serial ~repeated
a column twice in other letters :: {H}, MODEL  number :: 1 model ~repeated
two columns twice :: {H},{S},{N} :: 1 supplier ~repeated; 1 serial ~repeated
one twice, one not :: {S},{S},{M},{N} :: 1 supplier ~repeated; 1 licensee ~missing
a further column :: {H},Notes :: 1 - ~unknown
two further columns :: {H},Notes,Date :: 1 - ~unknown; 1 - ~unknown
a further column before the four :: Date,{H} :: 1 - ~unknown
a further column among ignored ones :: {H},Problem,Notes,,How to fix :: 1 - ~unknown
'Serial no.' :: {S},{L},{M},Serial no. :: 1 serial ~missing; 1 - ~unknown
'Licensee' alone :: {S},Licensee,{M},{N} :: 1 licensee ~missing; 1 - ~unknown
invisible space :: {S},{L},{M},Serial\u200b number :: 1 serial ~missing; 1 - ~unknown
a Cyrillic e :: {S},{L},{M},S\u0435rial number :: 1 serial ~missing; 1 - ~unknown
after two empty lines :: ¶¶{S},{L},{M} :: 3 serial ~missing
bad rows below are not reported :: {H},Notes¶{A}¶{A}¶,,,N/A,x,y :: 1 - ~unknown
none, items at once :: {A} :: 1 - no_heading
none, items after two empty lines :: ¶¶{A} :: 3 - no_heading
a title above :: Panels of May¶{H} :: 1 - no_heading
in German :: Firma,Inhaber,Modell,Seriennummer :: 1 - no_heading
only 'Problem' and 'How to fix' :: Problem,How to fix :: 1 - no_heading
"""


def filled(pattern):
    """What a pattern stands for, with a good row where it has one line only."""
    one_line = "¶" not in pattern.lstrip("¶, ")
    rows = "¶{A}¶" if one_line else "¶"
    named = dict(zip("SLMNmn", (*HEAD, M.lower(), N.lower()), strict=True))
    named |= {"H": line(HEAD), "A": line(A), "LMN": line(A[1:]), "NN": N.upper()}
    return (pattern + rows).format(**named).replace("¶", "\r\n")


def good_head(case):
    name, pattern = case.split(" :: ")
    return ok(name, filled(pattern), A)


def bad_head(case):
    name, pattern, said = case.split(" :: ")
    return bad(f"headings: {name}", filled(pattern), *problems_of(said))


HEADS = [
    ok("the four columns reversed", text(A[::-1], B[::-1], head=HEAD[::-1]), A, B),
    ok("the serial number first", text((A[3], *A[:3]), head=(N, S, L, M)), A),
    *map(good_head, GOOD_HEADS.strip().splitlines()),
    *map(bad_head, BAD_HEADS.strip().splitlines()),
    bad("the heading again below", text(A, HEAD, B), (3, "", "heading_row")),
]
FILES = [*ENCODINGS, *KINDS, *DELIMITERS, *HEADS]
