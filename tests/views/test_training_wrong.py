"""Exercises that are wrongly done are not ticked, and the page says what is missing."""

import json

import pytest

from tests.trainees import begin

VSP = "verification_service_provider"


@pytest.fixture
def mia(demonstration):
    """A trainee who practises alone."""
    return begin(demonstration)


@pytest.fixture
def ready(mia):
    """A trainee who was given the account of a VSP."""
    mia.post("/training/account", {})
    return mia


def test_another_abn_and_no_application_are_no_application(mia):
    assert mia.lacks("apply").startswith("You have signed up, but not applied")
    mia.apply(abn="51824753556")
    assert "its ABN is 51824753556 instead of" in mia.lacks("apply")


def test_waiting_and_declined_is_not_assessed(demonstration, trainer):
    code = trainer.open_class()
    lee = begin(demonstration, code, "Lee")
    lee.apply()
    assert lee.lacks("assessed") == "Your application waits to be assessed."
    trainer.act("decline")
    assert lee.lacks("assessed").startswith("The agency declined your application")
    assert lee.lacks("upgrade").startswith("You have not applied for an upgrade")


def test_an_upgrade_to_a_supplier_alone_is_not_enough(mia):
    mia.apply()
    mia.assess()
    mia.upgrade("supplier")
    assert mia.lacks("upgrade") == "Your upgrade waits to be assessed."
    mia.assess()
    assert "not to Verification Service Provider" in mia.lacks("upgrade")
    mia.upgrade(VSP)
    mia.assess()
    assert mia.lacks("upgrade") == ""


def test_checking_only_and_other_rows_are_no_upload(ready):
    data = ready.file("upload")
    ready.upload(data, check_only="yes")
    assert ready.lacks("upload") == "Your file has not been uploaded yet."
    ready.upload(data.replace(b"TSC-415M", b"TSC-450M", 1))
    assert "with the model number TSC-450M instead of" in ready.lacks("upload")


def test_a_file_that_was_never_refused_is_not_mended(ready):
    ready.upload(ready.mended())
    assert "has not been refused yet" in ready.lacks("mend")


def test_a_file_without_its_wrong_rows_is_not_mended(ready):
    ready.upload(ready.file("mend"), expected=(422,))
    lines = ready.mended().split(b"\r\n")
    ready.upload(b"\r\n".join(line for i, line in enumerate(lines) if i not in (2, 5)))
    assert "2 of its 8 rows are not in the ledger" in ready.lacks("mend")


def test_the_declaration_of_a_file_is_not_that_for_api_users(ready):
    ready.upload(ready.file("upload"))
    assert "has not been made yet" in ready.lacks("declare")
    ready.declare(declaration="", expected=(422,))
    assert "has not been made yet" in ready.lacks("declare")


def test_the_secondary_key_is_not_the_primary_key(ready):
    ready.subscribe()
    assert "not shown your primary key yet" in ready.lacks("subscribe")
    ready.show_key("secondary")
    assert "You have shown your secondary key" in ready.lacks("subscribe")


def test_requests_without_a_declaration_or_with_other_rows_do_not_count(ready):
    ready.subscribe()
    key = ready.show_key()
    assert ready.send_rows(key)[0] == 403
    assert "is not current" in ready.lacks("send")
    ready.declare()
    rows = json.loads(ready.file("send"))["serialNumbers"]
    body = {"serialNumbers": rows[:2]}
    assert ready.send_rows(key, json.dumps(body))[0] == 201
    assert "1 of its 3 rows is not in the ledger" in ready.lacks("send")


def test_rows_that_were_uploaded_by_page_were_not_sent(ready):
    rows = json.loads(ready.file("send"))["serialNumbers"]
    heading = ready.file("upload").split(b"\r\n")[0].decode()
    lines = [heading, *(",".join(row.values()) for row in rows)]
    ready.upload("\r\n".join(lines).encode())
    assert "they were not sent by API" in ready.lacks("send")


def test_marked_and_not_uploaded_or_uploaded_as_before_is_not_corrected(ready):
    ready.upload(ready.file("upload"))
    serial = ready.wrong_serial()
    assert "is still valid with the model number" in ready.lacks("correct")
    ready.mark(serial)
    assert "not uploaded again yet" in ready.lacks("correct")
    lines = ready.file("upload").split(b"\r\n")
    ready.upload(b"\r\n".join([lines[0], lines[4]]))
    assert "instead of TSC-440M" in ready.lacks("correct")


def test_another_system_and_another_number_are_not_calculated(ready):
    ready.answer("calculate", "1")
    ready.calculate(postcode="0800")
    assert "its postcode is 0800 instead of" in ready.lacks("calculate")
    ready.calculate()
    assert "By hand you got 1, and the calculator something else" in (
        ready.lacks("calculate")
    )


def test_another_event_is_not_that_of_the_calculation(ready):
    assert "has not been calculated" in ready.lacks("log")
    ready.calculate()
    ready.answer("log", "5,000")
    assert (
        ready.lacks("log") == "Event 5000 of the log is not that of your calculation."
    )


def test_a_serial_number_of_the_ledger_is_not_the_missing_one(ready):
    ready.answer("check", ready.not_found())
    assert "upload it first" in ready.lacks("check")
    ready.upload(ready.file("upload"))
    ready.answer("check", ready.wrong_serial())
    assert ready.lacks("check").endswith("is not one of the five.")


def test_an_answer_is_asked_for(ready):
    page = ready.answer("check", "  ", expected=(422,))
    assert "Enter an answer to" in page
