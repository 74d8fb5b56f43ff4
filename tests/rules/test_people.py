"""What people type of themselves, of reasons, of files: exact texts, exact refusals."""

import pytest

from spv.rules.accounts import alike, read_email, read_name, read_subscription_name
from spv.rules.errors import ValidationError
from spv.rules.ledger.reasons import OTHER, REASONS, read_reason
from spv.rules.text import plain_filename, read_text


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Kim@X.AU ", "kim@x.au"),
        ("a.b+c@sub.x-y.au", "a.b+c@sub.x-y.au"),
        ("a@" + "b" * 63, "a@" + "b" * 63),
        ("a" * 249 + "@x.au", "a" * 249 + "@x.au"),
        ("a" * 250 + "@x.au", None),
        ("a@" + "b" * 64, None),
        ("kim@-x.au", None),
        ("kim@x-.au", None),
        ("kim", None),
        ("kim@", None),
        ("@x.au", None),
        ("kim@x..au", None),
        ("k im@x.au", None),
        ("kim@x.au\n@y", None),
    ],
)
def test_email_addresses(text, email):
    if email is not None:
        assert read_email(text) == email
        return
    with pytest.raises(ValueError, match="such as name@company"):
        read_email(text)


def test_nothing_is_no_address_and_no_name():
    with pytest.raises(ValueError, match=r"^Enter the email address\.$"):
        read_email(" ")
    with pytest.raises(ValueError, match=r"^Enter the full name\.$"):
        read_name(" ")
    with pytest.raises(ValueError, match="it has 101 characters, and 100 is the limit"):
        read_name("x" * 101)
    assert read_name("x" * 100) == "x" * 100


def test_letters_in_pieces_are_put_together_before_they_are_counted():
    pieces = "\u1112\u1161\u11ab"  # three that are one letter, 한
    assert read_name(pieces * 100) == "한" * 100
    with pytest.raises(ValueError, match="it has 301 characters"):
        read_name(pieces * 100 + "x")


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
        ({"reason": "x", "other_reason": "y"}, None, {"reason": "Select the reason."}),
        ({}, None, {"reason": "Select the reason."}),
        ({"reason": REASONS[0], "other_reason": "y"}, None, {"other_reason":
          "Only the reason “Other” can have a text. Select “Other”, or leave the "
          "text empty."}),
        ({"reason": OTHER, "other_reason": "x" * 1001}, None, {"other_reason":
          "Shorten the reason: it has 1,001 characters, and 1000 is the limit."}),
    ],
)  # fmt: skip
def test_reasons(answers, read, problems):
    if not problems:
        assert read_reason(answers) == read
        return
    with pytest.raises(ValidationError) as refusal:
        read_reason(answers)
    assert refusal.value.problems == problems


def test_names_of_subscriptions():
    assert read_subscription_name("  Line   1 ", set()) == "Line 1"
    assert read_subscription_name("1" * 100, {"line 1"}) == "1" * 100
    for text, others, words in [
        ("", (), "Enter a name for the subscription"),
        ("–!", (), "with letters or digits"),
        ("1" * 101, (), "100 is the limit"),
        ("LINE １", {"line 1"}, "Another subscription of your account has this name"),
    ]:
        with pytest.raises(ValueError, match=words):
            read_subscription_name(text, others)


def test_names_that_look_alike():
    assert alike("Straße\ufe00\ufe0f ①") == alike("STRASSE 1")
    assert alike("a\ufdff") != alike("a")
    assert alike("a\ufe10") != alike("a")


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


def test_texts_are_trimmed_joined_and_bounded():
    assert read_text("\u2000 e\u0301 \u200a\u3000", "it") == "é"
    assert read_text("e\u0301" * 200, "it") == "é" * 200
    assert read_text("e\u0301" * 2, "it", 2) == "éé"
    with pytest.raises(ValueError, match="it has 601 characters"):
        read_text("e" + "\u0301" * 600, "it")  # far too long to be joined
    with pytest.raises(ValueError, match=r"cannot be seen \(U\+200B\)"):
        read_text("a\u200bb", "it")
    with pytest.raises(ValueError, match=r"U\+000A"):
        read_text("a\nb", "it")
    assert read_text("a\r\nb", "it", lines=True) == "a\nb"
