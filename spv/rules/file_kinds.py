"""Name files that are not CSV, whatever their name says."""

import re

_STARTS = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"PK\x05\x06": "a zip file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip file",
    b"Rar!": "a RAR file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite format 3": "a database",
    b"PAR1": "a Parquet file",
}
_EXCEL_XML = "urn:schemas-microsoft-com:office:spreadsheet"
# What a text begins with, in lower case.
_TEXTS = {
    "a web page (HTML)": r"<(?:!doctype html|html|head|body|table|div|meta)\b",
    "XML": r"<(?:\?xml|[a-z!])",
    "a document (RTF)": r"\{\\rtf",
    "JSON": r"[\[{]\s*+[\[{\"}\]]",
    "SQL": r"(?:insert into|create table|drop table|begin transaction|select|update|set"
    r"|use|delete from) [^,;(=*\n]*+[;(=*\n]|--|/\*",
    "a spreadsheet in the SYLK format": "id;p",
    "a spreadsheet in the DIF format": r"table\s++0,1",
    "an email or a saved web page": r"(?:from|mime-version|return-path|received):\s",
}
_START = re.compile("|".join(f"({start})" for start in _TEXTS.values()))
_LOOKED_AT = 2_000  # bytes or characters


def kind_of_bytes(data: bytes) -> str:
    """Return the kind of a file that is not a text, by its first bytes; else ""."""
    if data.startswith(b"PK\x03\x04"):
        start = data[:_LOOKED_AT]
        if b"opendocument.spreadsheet" in start:
            return "a LibreOffice spreadsheet (.ods)"
        if b"Index/" in start and b".iwa" in start:
            return "a Numbers spreadsheet"
        is_excel = b"[Content_Types].xml" in data or b"xl/" in data
        return "an Excel workbook" if is_excel else "a zip file"
    return next((kind for start, kind in _STARTS.items() if data.startswith(start)), "")


def kind_of_text(text: str) -> str:
    """Return the kind of a text that is plainly no CSV, by its beginning; else ""."""
    start = text[:_LOOKED_AT].lstrip()
    if _EXCEL_XML in start:
        return "an Excel workbook in XML"
    found = _START.match(start.lower())
    return [*_TEXTS][found.lastindex - 1] if found and found.lastindex else ""
