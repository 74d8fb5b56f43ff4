"""Texts, reasons, names of files, networks of addresses, and numbers in words."""

import sys
import unicodedata
from datetime import timedelta

import pytest

from spv.rules.errors import ValidationError
from spv.rules.ledger.statements import OTHER, REASONS, read_reason
from spv.rules.text import (
    format_age,
    network_of,
    plain_filename,
    pluralise,
    read_text,
    search_key,
    search_text,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  Zoë  ", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("\u2000 e\u0301 \u200a\u3000", "é"),
        ("e\u0301" * 200, "é" * 200),
        ("<b>Bobby'); DROP TABLE users;--", "<b>Bobby'); DROP TABLE users;--"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
        ("שלום", "שלום"),
        ("☀️", "☀️"),
        ("x" * 200, "x" * 200),
    ],
)
def test_text_is_trimmed_and_in_nfc(text, found):
    assert read_text(text, "the name") == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the name."),
        ("\n\t ", "Enter the name."),
        ("x" * 201, "it has 201 characters, and 200 is the limit"),
        ("e" + "\u0301" * 600, "it has 601 characters"),  # too long to be normalised
        ("a\0b", r"an invisible character \(U\+0000\)"),
        ("a\nb", r"\(U\+000A\)"),
        ("a\u202eb", r"\(U\+202E\)"),
        ("a\u200bb", r"\(U\+200B\)"),
        ("a\ud800b", r"\(U\+D800\)"),
        ("\U0010ffff", r"\(U\+10FFFF\)"),
    ],
)
def test_text_that_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        read_text(text, "the name")


def test_text_of_another_length_and_of_several_lines():
    assert read_text("e\u0301" * 2, "it", 2) == "éé"
    assert read_text("a\r\nb\n", "the reason", lines=True) == "a\nb"
    with pytest.raises(ValueError, match="an invisible character"):
        read_text("a\tb", "the reason", lines=True)


@pytest.mark.parametrize(
    ("answers", "read", "problems"),
    [
        *(({"reason": each}, {"reason": each, "other_reason": ""}, {})
          for each in REASONS if each != OTHER),
        ({"reason": OTHER, "other_reason": " a\r\nb "},
         {"reason": OTHER, "other_reason": "a\nb"}, {}),
        ({"reason": REASONS[0], "other_reason": " \n"},
         {"reason": REASONS[0], "other_reason": ""}, {}),
        ({"reason": OTHER}, None, {"other_reason": "Enter the reason."}),
        ({"reason": "x", "other_reason": "y"}, None, {"reason":
          f"Select the reason. The reasons are: {', '.join(REASONS[:-1])} and Other."}),
        ({}, None, {"reason": "Select the reason."}),
        ({"reason": REASONS[0], "other_reason": "y"}, None, {"other_reason":
          "Only the reason “Other” can have a text. Select “Other”, or leave the "
          "text empty."}),
        ({"reason": OTHER, "other_reason": "x" * 1001}, None, {"other_reason":
          "Shorten the reason: it has 1,001 characters, and 1,000 is the limit."}),
    ],
)  # fmt: skip
def test_reasons(answers, read, problems):
    if not problems:
        assert read_reason(answers) == read
        return
    with pytest.raises(ValidationError) as error:
        read_reason(answers)
    assert error.value.problems == problems


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("C:\\folder\\a.csv", "a.csv"),
        ("../../etc/a b.csv", "a b.csv"),
        ("a\u202e\0b.csv", "ab.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("", ""),
    ],
)
def test_names_of_files(name, plain):
    assert plain_filename(name) == plain


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113.7, 10.0.0.1", "unknown"),
        ("203.0.113.007", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_networks_of_addresses(address, network):
    """IPv4 addresses stand for themselves, IPv6 addresses for their /64."""
    assert network_of(address) == network
    assert len(network) <= 43  # the length of the column


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Example Solar", "example solar"),
        ("  Example  Solar\t", "example solar"),
        ("Example\u00a0Solar\u2009\u3000Pty", "example solar pty"),
        ("O’Neil O‘Neil OʼNeil O`Neil O´Neil", "o'neil o'neil o'neil o'neil o'neil"),
        ("“Sun” „Sun‟ 5″", '"sun" "sun" 5"'),
        ("A‐1 A‑1 A‒1 A–1 A—1 A−1", "a-1 a-1 a-1 a-1 a-1 a-1"),
        ("MÜLLER & SÖHNE", "müller & söhne"),
        ("Straße, STRASSE", "straße, strasse"),  # capitals of ß may be SS
        ("Ἥλιος ΗΛΙΟΣ", "ἥλιοσ ηλιοσ"),
        ("J\u030c", "ǰ"),
        ("İ", "i\u0307"),
        ("e\u0301É", "éé"),
        ("A_B/100%", "a_b/100%"),
        ("", ""),
    ],
)
def test_a_search_key(text, key):
    assert search_key(text) == key


@pytest.mark.no_cover
def test_a_search_key_is_its_own_and_that_of_its_capitals():
    """For every character that a name may have, and that has a single capital."""
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character)[0] == "C":
            continue
        key = search_key(f"x{character}x")
        assert search_key(key) == key
        capital = character.upper()
        if len(capital) == 1 and capital.lower() == character:
            assert search_key(f"x{capital}x") == key


@pytest.mark.parametrize(
    ("age", "words"),
    [
        ({"seconds": -5}, "less than an hour ago"),
        ({"minutes": 59}, "less than an hour ago"),
        ({"minutes": 60}, "1 hour ago"),
        ({"hours": 2}, "2 hours ago"),
        ({"hours": 47, "minutes": 59}, "47 hours ago"),
        ({"hours": 48}, "2 days ago"),
        ({"days": 400}, "400 days ago"),
    ],
)
def test_an_age(age, words):
    assert format_age(timedelta(**age)) == words


def test_a_number_of_things():
    words = [
        pluralise(n, one) for n, one in ((1, "class"), (2, "class"), (1_234, "STC"))
    ]
    assert words == ["1 class", "2 classes", "1,234 STCs"]


@pytest.mark.parametrize(
    ("typed", "found"), [(" a\0b ", "ab"), ("\0", ""), ("x" * 101, "x" * 100)]
)
def test_the_text_of_a_search_box(typed, found):
    assert search_text(typed) == found
