"""Hostile bodies for the API: the name of each, and its bytes.

None of them may be stored, take long, or be answered with anything but 4xx.
"""

import gzip
import json
import zlib

from tests.api import items

ITEM = items(1)["serialNumbers"][0]
GOOD = json.dumps(items(1)).encode()
LARGEST = 2_000_000


def with_items(text):
    """Return a body with some text in its list of items."""
    return b'{"serialNumbers": [' + text.encode() + b"]}"


def item(**fields):
    """Return a body, all in ASCII, with one item that has other fields."""
    return json.dumps({"serialNumbers": [ITEM | fields]}).encode()


def filled(start, part, end):
    """Repeat a part, between a start and an end, up to the largest body."""
    return start + part * ((LARGEST - len(start) - len(end)) // len(part)) + end


NOT_JSON = {
    "nothing": b"",
    "blanks": b" \r\n\t ",
    "a word": b"hello",
    "cut short": GOOD[:-1],
    "cut within a text": GOOD[:40],
    "more behind it": GOOD + b"x",
    "two of them": GOOD + GOOD,
    "a comma at the end": b'{"serialNumbers": [],}',
    "a comma at the end of the list": with_items("1,"),
    "a list with only a comma": with_items(","),
    "no comma": with_items("{} {}"),
    "no colon": b'{"serialNumbers" []}',
    "apostrophes": b"{'serialNumbers': []}",
    "a name without quotes": b"{serialNumbers: []}",
    "a comment": b"/* x */" + GOOD,
    "a line break in a text": GOOD.replace(b"Example", b"Exa\nmple", 1),
    "a raw NUL in a text": GOOD.replace(b"Example", b"Exa\0mple", 1),
    "a raw NUL at the end": GOOD + b"\0",
    "a bad escape": GOOD.replace(b"Example", b"\\x41", 1),
    "half of an escape": GOOD.replace(b"Example", b"\\u12", 1),
    "a leading zero": with_items("012"),
    "a plus sign": with_items("+1"),
    "a number without an end": with_items("1."),
    "a hexadecimal number": with_items("0x10"),
    "NaN": with_items("NaN"),
    "Infinity": with_items("Infinity"),
    "minus Infinity": b'{"serialNumbers": -Infinity}',
    "NaN as a serial number": GOOD.replace(b'"EX000001"', b"NaN"),
    "True as Python has it": with_items("True"),
    "undefined": with_items("undefined"),
    "a field twice": GOOD[:-1] + b', "serialNumbers": []}',
    "a field twice, the same": GOOD[:-1] + b", " + GOOD[1:],
    "a field of an item twice": GOOD.replace(b'{"sup', b'{"licensee": "x", "sup'),
    "a field twice in other writing": GOOD.replace(
        b'"licensee"', b'"licensee": "x", "licens\\u0065e"'
    ),
    "a field twice, deep below": with_items('[[[{"a": 1, "a": 1}]]]'),
    "an empty name twice": b'{"": 1, "": 2}',
    "10,000 digits": with_items("1" * 10_000),
    "2 MB of digits": filled(b"", b"1", b""),
    "minus and 100,000 digits": b"-" + b"1" * 100_000,
    "deep lists": filled(b"", b"[", b""),
    "deep lists that are closed": b"[" * 500_000 + b"]" * 500_000,
    "deep lists in the right place": with_items("[" * 100_000 + "]" * 100_000),
    "deep objects": filled(b"", b'{"a":', b""),
    "deep objects that are closed": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "deep lists and objects": filled(b"", b'[{"a":', b""),
    "deep items": with_items('{"serialNumber":' * 50_000 + "1" + "}" * 50_000),
    "2 MB of commas": filled(b"", b",", b""),
    "2 MB of commas in the list": filled(b'{"serialNumbers": [', b",", b"]}"),
    "2 MB of quotes": filled(b"", b'"', b""),
    "2 MB of backslashes": filled(b'"x', b"\\", b'"'),
    "2 MB of half an escape": filled(b'"', b"\\u", b'"'),
    "2 MB of blanks": filled(b"", b" ", b""),
    "2 MB of NULs": filled(b"", b"\0", b""),
    "2 MB of closing brackets": filled(b"", b"]", b""),
    "UTF-16 with a mark": GOOD.decode().encode("utf-16"),
    "UTF-16 without a mark": GOOD.decode().encode("utf-16-le"),
    "UTF-32": GOOD.decode().encode("utf-32"),
    "Latin-1": GOOD.replace(b"Example", b"Caf\xe9", 1),
    "a raw surrogate": GOOD.replace(b"Example", b"\xed\xa0\x80", 1),
    "a slash written too long": GOOD.replace(b"Example", b"\xc0\xaf", 1),
    "a character cut in two": GOOD + b"\xc3",
    "two marks": b"\xef\xbb\xbf" * 2 + GOOD,
    "only a mark": b"\xef\xbb\xbf",
    "a mark behind": GOOD + b"\xef\xbb\xbf",
    "gzip that is not named": gzip.compress(GOOD),
    "deflate that is not named": zlib.compress(GOOD),
    "a zip file": b"PK\x03\x04" + b"\0" * 100,
    "a form": b"serialNumbers=1&supplierName=x",
    "a file of four columns": b"Supplier name,Licensee,Model,Serial\r\na,b,c,d1\r\n",
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
    "several lines of JSON": GOOD + b"\n" + GOOD,
}
VALUES = {
    "null": "null", "true": "true", "false": "false", "0": "0", "-0": "-0", "1": "1",
    "1.5": "1.5", "1e999": "1e999", "-1e999": "-1e999", "1e-999": "1e-999",
    "a float of many digits": "1." + "1" * 10_000, "4,000 digits": "1" * 4_000,
    "a text": '"x"', "no text": '""', "a list": "[]", "a list of lists": "[[]]",
    "an object": "{}", "an object of objects": '{"a": {"b": {}}}',
    "a list of 900 depths": "[" * 900 + "]" * 900,
}  # fmt: skip
LONE = {
    "a NUL": "\\u0000", "a lone surrogate": "\\ud800", "another": "\\udfff",
    "a pair the wrong way round": "\\udc00\\ud800", "a bell": "\\u0007",
    "no character": "\\uffff", "override": "\\u202e", "a blank": " ",
}  # fmt: skip


def wrong_values():
    """Yield bodies with a value of the wrong kind at every level."""
    for name, value in VALUES.items():
        yield f"{name} for all", value.encode()
        yield f"{name} for the list", b'{"serialNumbers": %s}' % value.encode()
        yield f"{name} for an item", with_items(value)
        for field in ITEM:
            made = item(**{field: "@"}).replace(b'"@"', value.encode())
            if name != "a text" or field == "serialNumber":
                yield f"{name} for {field}", made
        if name != "no text":
            yield f"{name} beside the list", GOOD[:-1] + b', "x": %s}' % value.encode()


def hostile_characters():
    """Yield bodies with characters that cannot be stored, in every text and name."""
    for name, text in LONE.items():
        escape = text.encode()
        for field in ITEM:
            made = item(**{field: "@"}).replace(b"@", b"Ab1" + escape + b"x2")
            if text != " " or field == "serialNumber":
                yield f"{name} in {field}", made
            renamed = GOOD.replace(f'"{field}"'.encode(), b'"%s%s"'
                                   % (field.encode(), escape))  # fmt: skip
            yield f"{name} in the name {field}", renamed
        yield f"{name} in the name of the list", GOOD.replace(b"bers", b"bers" + escape)
        yield f"{name} for a name", b'{"%s": []}' % escape


def large_ones():
    """Yield bodies of the right shape that are too large or have too many items."""
    many = ", ".join(['"x"'] * 1001)
    yield "no item", with_items("")
    yield "1,001 items", json.dumps(items(1001)).encode()
    yield "1,001 texts", with_items(many)
    yield "100,000 items", json.dumps(items(10_000)).encode()
    yield "a million numbers", filled(b'{"serialNumbers": [1', b",1", b"]}")
    yield "half a million objects", filled(b'{"serialNumbers": [{}', b",{}", b"]}")
    names = ",".join(f'"{n:x}":0' for n in range(190_000))
    yield "190,000 fields", f"{{{names}}}".encode()
    yield "190,000 fields of an item", with_items(f"{{{names}}}")
    for field in ITEM:
        yield f"2 MB of {field}", item(**{field: "A1" * 980_000})
        yield f"2 MB of accents in {field}", item(**{field: "e\u0301" * 150_000})
    yield "2 MB of a name", b'{"%s": 1}' % (b"x" * 1_900_000)
    yield "1,000 items of nothing", with_items(",".join(["{}"] * 1000))
    wrong = '{"supplierName":1,"licensee":"","modelNumber":[],"serialNumber":"?","x":0}'
    yield "1,000 items wrong in every way", with_items(",".join([wrong] * 1000))
    hidden = json.dumps(dict.fromkeys(ITEM, "\ud800" * 70))
    yield "1,000 items of surrogates", with_items(",".join([hidden] * 1000))
    accents = json.dumps(dict.fromkeys(ITEM, "e" + "\u0301" * 70))
    yield "1,000 items of accents", with_items(",".join([accents] * 1000))
