"""Files of panel serial numbers that a spreadsheet, a scanner or a program has spoilt,
each with exactly what has to come of it, warnings included.

Most were made after public reports of errors in other programs.
"""

import bz2
import gzip
import json
import lzma
from typing import NamedTuple

from tests.serial_files import (
    AB,
    FIELDS,
    FILES,
    HEAD,
    MARK,
    A,
    B,
    bad,
    many,
    no,
    ok,
    row,
    text,
)
from tests.serial_files_more import MORE_FILES, of_serial, put
from tests.serial_files_rows import ROWS

SERIAL, MODEL = FIELDS[3], FIELDS[2]

# Serial numbers that are refused, by their code. A broken bar parts the texts.
REFUSED_SERIALS = {
    "spreadsheet_damage": """
        2/12/2024 ¦ 31/12/24 ¦ 12/31/1999 ¦ 2024-12-02 ¦ 2024/12/2 ¦ 2-12-2024
        ¦ 02.12.2024 ¦ Mar-2024 ¦ MAR-24 ¦ 12-MAR-24 ¦ 12-Mar-2024 ¦ 1 Sep 2024 ¦ 12:30
        ¦ 12:30:00 ¦ 8:05:00 PM ¦ 123:45:00 ¦ 2024-12-02 00:00:00 ¦ 2024-12-02T00:00
        ¦ 12345678. ¦ 12345678, ¦ (12345678) ¦ ($12.50) ¦ 1,607,193.00 ¦ 12345678.000
        ¦ 1.23E+05 ¦ 4,56e+11 ¦ 1.6E12 ¦ #NV ¦ #WERT! ¦ #¡VALOR! ¦ #¿NOMBRE? ¦ #ЗНАЧ!
        ¦ #N/D ¦ #ODKAZ! ¦ #DEĞER! ¦ #BUSY! ¦ #GETTING_DATA ¦ Err:502 ¦ Fehler:508
        ¦ #SPILL! ¦ #### ¦ $1234 ¦ 12%""",
    "missing": """
        nan ¦ NaN ¦ NULL ¦ None ¦ <NA> ¦ \\N ¦ n/a ¦ (blank) ¦ undefined ¦ TBC ¦ --
        ¦ ? ¦ –
        ¦ no serial number ¦ not applicable""",
    "not_a_serial_number": """
        https://panels.example/s/SN1234567 ¦ http://q.example/?sn=SN1234567
        ¦ www.maker.example/SN1234567 ¦ HTTPS://PANELS.EXAMPLE/SN1234567/
        ¦ (01)09312345678907(21)SN1234567 ¦ (21)SN1234567 ¦ (01)09312345678907
        ¦ 010931234567890721SN1234567 ¦ ]C1010931234567890721SN1234567
        ¦ (240)M450(21)SN12 ¦ S/N:SN1234567 ¦ S/N SN1234567 ¦ s/n:12345 ¦ SN: 1234567
        ¦ Serial No.: A12345 ¦ SERIAL NUMBER: A12345 ¦ Serial: A12345 ¦ Lot:A12345
        ¦ ABC0001;ABC0002 ¦ ABC0001 ABC0002 ¦ ABC0001/ABC0002 ¦ ABC0001 & ABC0002
        ¦ ABC0001 - ABC0010 ¦ ABC0001-ABC0010 ¦ ABC0001 to ABC0010 ¦ ABC0001–ABC0010
        ¦ ABC0001..ABC0010""",
    "lost_characters": "SN\ufffd12 ¦ Ã¼12 ¦ SN12Ã©",
    "character": """
        ="00123" ¦ 'SN12345 ¦ SN\x1d12 ¦ SN 12 ¦ ABC 1234 ¦ 2024_é""",
}
# Serial numbers that only look like those above.
TAKEN_SERIALS = """
    20E2300417 ¦ Q02155E12 ¦ 12-3456 ¦ A1/2 ¦ 10:AB:30 ¦ AB(2)1234 ¦ 2024-13-45
    ¦ 2024-12-0012 ¦ 1234-12-02 ¦ 99:99 ¦ 12.5 ¦ 20.2.2.4 ¦ SN12345 ¦ SERIAL-0001
    ¦ SN-12345 ¦ LOT12 ¦ MAR24 ¦ JAN-240001 ¦ 12MAR24 ¦ ABC001-XYZ002 ¦ HE60-0000001
    ¦ BS/415/0000501 ¦ 0193123456789012345 ¦ HTTP1234 ¦ 012345678901234567
    ¦ 1607193004123456789 ¦ A0000000000 ¦ NAN12 ¦ NULL-1 ¦ #12AB ¦ A(21)12 ¦ 00391"""
# Serial numbers that are recorded once a user has confirmed them, by the code.
WARNED_SERIALS = {
    "perhaps_filler": "000 ¦ 0000000000 ¦ 11111111 ¦ 12345678 ¦ 1234567890 ¦ 987654321 "
    "¦ ABC123 ¦ ABC-12345",
    "perhaps_date": "2/12 ¦ 12-03-24 ¦ 31.12.24",
    "perhaps_rounded": "12345678901234500 ¦ 123456789012345000 ¦ 98765432109876500000",
    "perhaps_box_code": "(00)093123456789012345 ¦ 00093123456789012345",
}
# Names that are refused in each of their three columns.
REFUSED_NAMES = {
    "spreadsheet_damage": "#N/A ¦ #REF! ¦ #NAME? ¦ #WERT! ¦ #BEZUG! ¦ #VALEUR! "
    "¦ ######## ¦ 4.40E+08 ¦ 1,5E+12 ¦ Err:508 ¦ #DIV/0!",
    "missing": "nan ¦ NULL ¦ None ¦ - ¦ N/A ¦ <NA> ¦ (blank) ¦ unknown ¦ TBA",
    "lost_characters": "Sch\ufffdco ¦ SÃ¼d ¦ MÃ¼ller GmbH ¦ CafÃ© ¦ Oâ€™Brien Solar "
    "¦ Ã…ngstrÃ¶m ¦ å¤ªé˜³",
    "character": '\'Acme ¦ ="Acme"',
}
TAKEN_NAMES = (
    "Müller ¦ Schüco ¦ O’Brien ¦ 't Hooft ¦ Ångström ¦ #1 Solar ¦ 晶科 ¦ Nil Co"
)
REFUSED_MODELS = "12-Mar ¦ Mar-24 ¦ 2/12/2024 ¦ 2024-12-02 ¦ 12:30:00 ¦ 1.10.2024"
WARNED_MODELS = "12/24 ¦ 10-12-24 ¦ MAR-24 ¦ SEP-60"


def texts(cases):
    return [case.strip() for case in cases.split("¦")]


class WarnedFile(NamedTuple):
    """A good file with its warnings: row, field and code."""

    name: str
    data: bytes
    rows: list
    warnings: tuple


def warned(name, rows, *warnings):
    return WarnedFile(name, text(*rows).encode(), rows, warnings)


def in_each_column(name, code):
    for at in range(3):
        problem = (3, FIELDS[at], code)
        yield bad(f"{HEAD[at]}: {name}", text(A, put(at, name), B), problem)


# Whole files of other kinds.
PAGE = '<!DOCTYPE html>\n<html lang="en">\n<body class="x">\n<p>Sign in</p>'
TABLE = '<table border="1"><tr><td>Serial number</td></tr></table>'
NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
EXCEL_XML = f'<?xml version="1.0"?>\n<Workbook xmlns="{NAMESPACE}">'
SQL = "INSERT INTO panels VALUES ('Acme', 'Bright', 'M-450', \"SN1\");\n"
ODS = b"PK\x03\x04\x14\0\0\x08\0\0" + b"\0" * 20 + (
    b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
)  # fmt: skip
KINDS = [
    no("a page to sign in", PAGE, "a web page (HTML), not a CSV file"),
    no("a table of a web page", TABLE, "a web page (HTML)"),
    no("XML", '<?xml version="1.0"?>\n<panels a="b">', "This is XML"),
    no("an Excel workbook in XML", EXCEL_XML, "an Excel workbook in XML"),
    no("a list in JSON", json.dumps([{"serial": "SN1"}], indent=1), "This is JSON"),
    no("an object in JSON", json.dumps({"panels": ["SN1"]}), "This is JSON"),
    no("SQL", SQL, "This is SQL"),
    no("a dump in SQL", '-- dump "x"\nCREATE TABLE a (b);', "This is SQL"),
    no("a document", '{\\rtf1 "x"', "a document (RTF)"),
    no("SYLK", 'ID;PWXL;N;E\nC;X1;Y1;K"Supplier name"', "semicolons"),
    no("an email", 'From: a@b.example\nSubject: "panels"\n', "an email"),
    no("fixed width", AB.replace(",", "      "), "separated by spaces"),
    no("full-width commas", AB.replace(",", "，"), "full-width commas"),
    no("a LibreOffice spreadsheet", ODS, "a LibreOffice spreadsheet (.ods)"),
    no("a Numbers spreadsheet", b"PK\x03\x04" + b"\0" * 26 + b"Index/Document.iwa",
       "a Numbers spreadsheet"),
    no("gzip", gzip.compress(AB.encode(), mtime=0), "a gzip file"),
    no("bzip2", bz2.compress(AB.encode()), "a bzip2 file"),
    no("xz", lzma.compress(AB.encode()), "an xz file"),
    no("a picture", b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
    no("a wrong byte in row 3", text(A, row("SN9", "Schüco")).encode("latin-1"),
       "row 3 has a letter after “Sch”"),
    no("a wrong byte in row 2", MARK + text(row("SN9", "Ac\udcffme")).encode(
        "utf-8", "surrogateescape"), "row 2 has a letter after “Ac”"),
    bad("prices of another list", 'Item,"Price ""AUD"""\nPanel 15" x,100\n',
        (1, "", "no_heading")),
]  # fmt: skip

# Headings that are taken, and headings that are not.
TAKEN_HEADINGS = [
    "Supplier_name,Licensee/Certificate_holder,Model_number,Serial_number",
    "supplier name,Licensee / Certificate holder,model number,serial number",
    "SUPPLIERNAME,LICENSEE/CERTIFICATEHOLDER,MODELNUMBER,SERIALNUMBER",
    'Supplier name,"Licensee/\nCertificate holder",Model number,Serial number',
    "Supplier  name,Licensee Certificate holder,Model\u00a0number, Serial number ",
    "\ufeff\ufeffSupplier name,Licensee/Certificate holder,Model number,Serial number",
]
BELOW = text(A, B).partition("\r\n")[2]
HEADINGS = [
    *(
        ok(f"headings: {head!r:.60}", f"{head}\r\n" + BELOW, A, B)
        for head in TAKEN_HEADINGS
    ),
    *(
        bad(f"headings: {other}", AB.replace(ours, other),
            (1, field, "heading_missing"), (1, "", "heading_unknown"))
        for field, ours, other in (
            (FIELDS[0], "Supplier name", "Supplier"),
            (FIELDS[0], "Supplier name", "Supplier.name"),
            (FIELDS[1], "Licensee/Certificate holder", "Certificate holder"),
            (FIELDS[2], "Model number", "Model no."),
            (FIELDS[3], "Serial number", "Serial"),
            (FIELDS[3], "Serial number", "S/N"),
        )
    ),
    bad("two files of another order put together",
        text(A[::-1], HEAD[::-1], head=HEAD[::-1]), (3, "", "heading_row")),
    bad("two files put together", text(A) + text(B), (3, "", "heading_row")),
    bad("a column that counts from 0", text(("0", *A), ("1", *B), head=("", *HEAD)),
        (1, "", "extra_cell")),
    bad("a column without a heading that does not count",
        text(("7", *A), ("7", *B), head=("", *HEAD)),
        (2, "", "extra_cell"), (3, "", "extra_cell")),
    bad("a column that counts from 1", text(("1", *A), ("2", *B), head=("", *HEAD)),
        (1, "", "extra_cell")),
]  # fmt: skip

ROUNDED = "123456789012345000"
TOGETHER = [
    bad("three rounded to one", text(*[row(ROUNDED)] * 3),
        (3, SERIAL, "spreadsheet_damage"), (4, SERIAL, "spreadsheet_damage")),
    bad("quotes and other problems at once",
        text(row("1.2E+12")) + 'Acme,Bright,15" panel,SN8\r\n' + "X,,M,SN9\r\n",
        (2, SERIAL, "spreadsheet_damage"), (3, "", "bare_quote"),
        (4, FIELDS[1], "missing")),
    bad("a formula around a serial", text() + 'Acme,Bright,M-450,="00123"\r\n',
        (2, SERIAL, "character")),
]  # fmt: skip

DAMAGED_FILES = [
    *(
        of_serial(f"{cell!r} is refused as {code}", cell, code)
        for code, cells in REFUSED_SERIALS.items()
        for cell in texts(cells)
    ),
    *(of_serial(f"{cell} is no damage", cell) for cell in texts(TAKEN_SERIALS)),
    *(
        file
        for code, names in REFUSED_NAMES.items()
        for name in texts(names)
        for file in in_each_column(name, code)
    ),
    *(
        ok(f"names: {name}", text(A, row("SN9", name, name, name)), A,
           row("SN9", name, name, name))
        for name in texts(TAKEN_NAMES)
    ),
    *(
        bad(f"model {name}", text(put(2, name)), (2, MODEL, "spreadsheet_damage"))
        for name in texts(REFUSED_MODELS)
    ),
    *KINDS,
    *HEADINGS,
    *TOGETHER,
]  # fmt: skip
WARNED_FILES = [
    *(
        warned(f"{serial} may be wrong", [A, row(serial)], (3, SERIAL, code))
        for code, serials in WARNED_SERIALS.items()
        for serial in texts(serials)
    ),
    *(
        warned(f"model {name}", [A, put(2, name)], (3, MODEL, "perhaps_date"))
        for name in texts(WARNED_MODELS)
    ),
    warned("five numbers of 16 digits end in 0",
           [row(f"16071930{number}9870") for number in range(1234, 1239)],
           *((at, SERIAL, "perhaps_rounded") for at in range(2, 7))),
    warned("four numbers of 16 digits end in 0",
           [row(f"16071930{number}9870") for number in range(1234, 1238)]),
    warned("one of six numbers of 16 digits ends in 0",
           [row(f"160719301234987{number}") for number in range(6)]),
    warned("a clean file", many(1000)),
]  # fmt: skip
EVERY_FILE = [*FILES, *MORE_FILES, *ROWS, *DAMAGED_FILES]
