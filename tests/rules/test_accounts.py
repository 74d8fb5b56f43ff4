"""Applications, users, contacts and names of subscriptions, as they are read."""

import pytest

from spv.rules import accounts
from spv.rules.accounts import (
    Role,
    alike,
    format_abn,
    in_order,
    read_abn,
    read_contacts,
    read_details,
    read_email,
    read_name,
    read_subscription_name,
    roles_of,
    same_words,
)
from spv.rules.errors import ValidationError

# The Australian Business Register explains the check digits with this ABN.
ABN = "51824753556"
DETAILS = {"legal_name": "Example Pty Ltd", "abn": ABN, "phone": "02 6159 3100"}


@pytest.mark.parametrize(
    ("staff_role", "administrator", "types", "roles"),
    [
        ("auditor", False, None, {Role.STAFF}),
        ("assessor", False, None, {Role.STAFF, Role.ASSESSOR}),
        (
            "administrator", False, None,
            {Role.STAFF, Role.ASSESSOR, Role.STAFF_ADMINISTRATOR},
        ),
        (None, False, None, {Role.PERSON}),
        (None, False, ["general"], {Role.GENERAL}),
        (None, True, ["general"], {Role.GENERAL, Role.ADMINISTRATOR}),
        (None, False, ["general", "supplier"], {Role.GENERAL, Role.UPLOADER}),
        (
            None, True, ["general", "verification_service_provider"],
            {Role.GENERAL, Role.UPLOADER, Role.ADMINISTRATOR},
        ),
    ],
)  # fmt: skip
def test_roles(staff_role, administrator, types, roles):
    found = roles_of(types, administrator=administrator, staff_role=staff_role)
    assert found == roles


def test_general_cannot_be_taken_off():
    assert read_details(DETAILS, [])["account_types"] == ["general"]
    found = read_details(DETAILS, ["supplier", "king", "supplier"])
    assert found["account_types"] == ["general", "supplier"]
    assert in_order(["supplier", "general"]) == ["general", "supplier"]


def test_every_problem_of_an_application_at_once():
    with pytest.raises(ValidationError) as error:
        read_details({"legal_name": " ", "abn": "1", "phone": "none"}, [])
    assert list(error.value.problems) == ["legal_name", "abn", "phone"]


@pytest.mark.parametrize("phone", ["0261593100", "+61 (0)2 6159-3100", "131 774"])
def test_a_phone_number(phone):
    assert read_details(DETAILS | {"phone": phone}, [])["phone"] == phone


@pytest.mark.parametrize(
    "phone", ["12345", "0261593100 ext. 4", "٠٢٦١٥٩٣١٠٠", "+-+-+-"]
)
def test_no_phone_number(phone):
    with pytest.raises(ValidationError, match="Enter a phone number such as"):
        read_details(DETAILS | {"phone": phone}, [])


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


def test_every_single_wrong_digit_of_an_abn_is_found():
    for place in range(11):
        for digit in set("0123456789") - {ABN[place]}:
            with pytest.raises(ValueError, match="check digits"):
                read_abn(ABN[:place] + digit + ABN[place + 1 :])


def test_legal_names_are_compared_without_case_and_runs_of_blanks():
    assert same_words("Example  Pty Ltd", "EXAMPLE PTY ltd")
    assert not same_words("Example Pty Ltd", "Example Pty")


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Name+Tag@Company.COM ", "name+tag@company.com"),
        ("name@company.com.au", "name@company.com.au"),
        ("staff@agency.example", "staff@agency.example"),
        ("o'neil@x-y.io", "o'neil@x-y.io"),
        ("a.b+c@sub.x-y.au", "a.b+c@sub.x-y.au"),
        ("a@b", "a@b"),
        ("a@" + "b" * 63, "a@" + "b" * 63),
        ("a" * 249 + "@x.au", "a" * 249 + "@x.au"),
    ],
)
def test_an_email_address(text, email):
    assert read_email(text) == email


@pytest.mark.parametrize(
    "text",
    ["name", "@x.au", "a@", "a b@x.au", "a@x..au", "a@-x.au", "a@x-.au", "a@x.au\0",
     "a@@x.au", "é@x.au", "a@x.au\nb@x.au", "a@x.au\n@y", "a@[1.2.3.4]", "<a@x.au>",
     "a" * 250 + "@x.au", "a@" + "b" * 64],
)  # fmt: skip
def test_no_email_address(text):
    with pytest.raises(ValueError, match=r"^Enter an email address such as name@"):
        read_email(text)


def test_nothing_is_no_address_and_no_name():
    for text in ("", " "):
        with pytest.raises(ValueError, match=r"^Enter the email address\.$"):
            read_email(text)
        with pytest.raises(ValueError, match=r"^Enter the full name\.$"):
            read_name(text)


def test_names_have_100_characters_at_most_after_they_are_normalised():
    letters = "\u1112\u1161\u11ab" * 100  # of three characters, which become one: 한
    assert read_name("x" * 100) == "x" * 100
    assert read_name(letters) == "한" * 100
    with pytest.raises(ValueError, match="it has 101 characters, and 100 is the limit"):
        read_name("x" * 101)
    with pytest.raises(ValueError, match="it has 301 characters"):
        read_name(letters + "x")


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
    with pytest.raises(ValidationError) as error:
        read_contacts(text.encode())
    assert words in error.value.problems["file"]
    assert len(error.value.problems["file"]) < 4000


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


@pytest.mark.parametrize("name", ["#N/A", "nan", "SÃ¼d", "Sch\ufffdco", "########"])
def test_names_that_a_spreadsheet_has_spoilt(name):
    with pytest.raises(ValidationError) as refused:
        accounts.read_contact({"legal_name": name, "abn": ABN, "email": "a@b.example"})
    assert refused.value.problems.keys() == {"legal_name"}
