"""Applications, contacts, people: what is taken, and the words where it is not."""

import pytest

from spv.rules.accounts import (
    Role,
    format_abn,
    in_order,
    read_abn,
    read_contacts,
    read_details,
    read_email,
    roles_of,
    same_words,
)
from spv.rules.errors import ValidationError
from spv.rules.text import read_text

# The ABN that the Australian Business Register explains its check digits with.
ABN = "51824753556"
DETAILS = {"legal_name": "Example Pty Ltd", "abn": ABN, "phone": "02 6159 3100"}


@pytest.mark.parametrize(
    "text",
    [ABN, "51 824 753 556", "  51824753556 ", "51\u00a0824 753 556", "51  824753 556"],
)
def test_an_abn(text):
    assert read_abn(text) == ABN
    assert format_abn(ABN) == "51 824 753 556"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the ABN, such as 51 824 753 556."),
        ("   ", "Enter the ABN, such as"),
        ("5182475355", "An ABN has 11 digits, and this has 10."),
        ("518247535560", "this has 12"),
        ("0" * 100_000, "this has 100,000"),
        ("51824753557", "check digits"),
        ("15824753556", "check digits"),
        ("ABN 51824753556", "11 digits and nothing else"),
        ("51824753556\0", "11 digits and nothing else"),
        ("-1824753556", "11 digits and nothing else"),
    ],
)
def test_no_abn(text, words):
    with pytest.raises(ValueError, match=words):
        read_abn(text)


def test_every_single_wrong_digit_is_found():
    for place in range(11):
        for digit in set("0123456789") - {ABN[place]}:
            with pytest.raises(ValueError, match="check digits"):
                read_abn(ABN[:place] + digit + ABN[place + 1 :])


def test_general_cannot_be_taken_off():
    assert read_details(DETAILS, [])["account_types"] == ["general"]
    found = read_details(DETAILS, ["supplier", "king", "supplier"])
    assert found["account_types"] == ["general", "supplier"]
    assert in_order(["supplier", "general"]) == ["general", "supplier"]


def test_every_problem_of_an_application_at_once():
    with pytest.raises(ValidationError) as refused:
        read_details({"legal_name": " ", "abn": "1", "phone": "none"}, [])
    assert list(refused.value.problems) == ["legal_name", "abn", "phone"]


@pytest.mark.parametrize("phone", ["0261593100", "+61 (0)2 6159-3100", "131 774"])
def test_a_phone_number(phone):
    assert read_details(DETAILS | {"phone": phone}, [])["phone"] == phone


@pytest.mark.parametrize(
    "phone", ["12345", "0261593100 ext. 4", "٠٢٦١٥٩٣١٠٠", "+-+-+-"]
)
def test_no_phone_number(phone):
    with pytest.raises(ValidationError, match="Enter a phone number such as"):
        read_details(DETAILS | {"phone": phone}, [])


def test_legal_names_are_compared_without_case_and_runs_of_blanks():
    assert same_words("Example  Pty Ltd", "EXAMPLE PTY ltd")
    assert not same_words("Example Pty Ltd", "Example Pty")


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("name@company.com.au", "name@company.com.au"),
        (" Name+Tag@Company.COM ", "name+tag@company.com"),
        ("staff@agency.example", "staff@agency.example"),
        ("o'neil@x-y.io", "o'neil@x-y.io"),
        ("a@b", "a@b"),
    ],
)
def test_an_email_address(text, email):
    assert read_email(text) == email


@pytest.mark.parametrize(
    "text",
    ["", "name", "@x.au", "a@", "a b@x.au", "a@x..au", "a@-x.au", "a@x.au\0", "a@@x.au",
     "é@x.au", "a@x.au\nb@x.au", "a@[1.2.3.4]", "a" * 250 + "@x.au", "<a@x.au>"],
)  # fmt: skip
def test_no_email_address(text):
    with pytest.raises(ValueError, match=r"^Enter (the|an) email address"):
        read_email(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  Zoë  ", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("<b>Bobby'); DROP TABLE users;--", "<b>Bobby'); DROP TABLE users;--"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
        ("שלום", "שלום"),
        ("☀️", "☀️"),
        ("x" * 200, "x" * 200),
    ],
)
def test_text_is_stored_as_it_was_given(text, found):
    assert read_text(text, "the name") == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the name."),
        ("\n\t ", "Enter the name."),
        ("x" * 201, "it has 201 characters, and 200 is the limit"),
        ("a\0b", r"\(U\+0000\)"),
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


def test_text_of_several_lines():
    assert read_text("a\r\nb\n", "the reason", lines=True) == "a\nb"
    with pytest.raises(ValueError, match="cannot be seen"):
        read_text("a\tb", "the reason", lines=True)


@pytest.mark.parametrize(
    ("staff", "administrator", "types", "roles"),
    [
        (True, False, None, {Role.STAFF}),
        (False, False, None, {Role.PERSON}),
        (False, False, ["general"], {Role.GENERAL}),
        (False, True, ["general"], {Role.GENERAL, Role.ADMINISTRATOR}),
        (False, False, ["general", "supplier"], {Role.GENERAL, Role.UPLOADER}),
        (
            False, True, ["general", "verification_service_provider"],
            {Role.GENERAL, Role.UPLOADER, Role.ADMINISTRATOR},
        ),
    ],
)  # fmt: skip
def test_roles(staff, administrator, types, roles):
    found = roles_of(staff=staff, administrator=administrator, account_types=types)
    assert found == roles


GOOD_FILE = f"Legal name,ABN,Email\nExample Pty Ltd,{ABN},a@x.au\n"


def test_a_file_of_contacts():
    contact = {"legal_name": "Example Pty Ltd", "abn": ABN, "email": "a@x.au"}
    assert read_contacts(GOOD_FILE.encode()) == [contact]
    other = f"email, legal  NAME ,abn\na@x.au,Example Pty Ltd,{format_abn(ABN)}\n"
    assert read_contacts(other.encode()) == [contact]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty"),
        ("Legal name,ABN,Email\n", "no rows under its heading"),
        (GOOD_FILE.replace("Email", "Phone"), "Name the columns: Legal name, ABN"),
        (GOOD_FILE.replace("ABN,", ""), "Name the columns"),
        (GOOD_FILE + f"Other,{ABN},b@x.au\n", "Row 3: It has the same ABN as row 2."),
        (GOOD_FILE + "Other\n", "Row 3: Enter the ABN"),
        (GOOD_FILE + f"Other,{ABN},b@x.au,more\n", "Row 3: It has more cells"),
        (GOOD_FILE + ",1,x\n" * 30, "And 10 more."),
        ("Legal name;ABN;Email\n", "separated by semicolons"),
    ],
)
def test_a_file_of_contacts_that_is_refused(text, words):
    with pytest.raises(ValidationError) as refused:
        read_contacts(text.encode())
    assert words in refused.value.problems["file"]
    assert len(refused.value.problems["file"]) < 4000
