"""Ways to do an exercise of the training wrongly, with what it lacks after that.

Each is a function of a trainee and the trainer of the class. It returns the words that
the exercise must then say. `WAYS` has them by the name of the exercise.
"""

import json
from collections import defaultdict

from tests.trainees import VSP

WAYS = defaultdict(list)


def wrong(name):
    """Add a function to the wrong ways of an exercise."""

    def add(way):
        WAYS[name].append(way)
        return way

    return add


@wrong("apply")
def no_abn(trainee, trainer):
    trainee.apply(abn="", expected=(422,))
    return "You have signed up, but not applied for an account yet."


@wrong("apply")
def another_abn(trainee, trainer):
    trainee.apply(abn="51824753556")
    return "Your application is submitted, but its ABN is 51824753556 instead of"


@wrong("assessed")
def waiting(trainee, trainer):
    trainee.apply()
    return "Your application waits to be assessed."


@wrong("assessed")
def declined(trainee, trainer):
    trainee.apply()
    trainer.act("decline")
    return "The agency declined your application"


@wrong("upgrade")
def to_a_supplier(trainee, trainer):
    trainee.apply()
    trainer.act("approve")
    trainee.upgrade("supplier")
    trainer.act("approve")
    return "Your account was upgraded, but not to Verification Service Provider."


@wrong("upgrade")
def upgrade_declined(trainee, trainer):
    trainee.apply()
    trainer.act("approve")
    trainee.upgrade(VSP)
    trainer.act("decline")
    return "The agency declined the upgrade"


@wrong("upload")
def check_only(trainee, trainer):
    trainee.upload(trainee.file("upload"), check_only="yes")
    return "Your file has not been uploaded yet."


@wrong("upload")
def no_declaration(trainee, trainer):
    trainee.upload(trainee.file("upload"), expected=(422,), declaration="")
    return "Your file has not been uploaded yet."


@wrong("upload")
def another_model(trainee, trainer):
    trainee.upload(trainee.file("upload").replace(b"TSC-415M", b"TSC-450M", 1))
    return "with the model number TSC-450M instead of"


@wrong("mend")
def never_refused(trainee, trainer):
    trainee.upload(trainee.mended())
    return "Your file has not been refused yet"


@wrong("mend")
def rows_left_out(trainee, trainer):
    trainee.upload(trainee.file("mend"), expected=(422,))
    lines = trainee.mended().split(b"\r\n")
    kept = [line for number, line in enumerate(lines) if number not in (2, 5)]
    trainee.upload(b"\r\n".join(kept))
    return "2 of your 8 rows are not in the ledger"


@wrong("declare")
def the_declaration_of_a_file(trainee, trainer):
    trainee.upload(trainee.file("upload"))
    return "The Declaration for API Users has not been made yet."


@wrong("declare")
def not_ticked(trainee, trainer):
    trainee.declare(declaration="", expected=(422,))
    return "The Declaration for API Users has not been made yet."


@wrong("subscribe")
def no_key_shown(trainee, trainer):
    trainee.subscribe()
    return "You have subscribed, but not shown your primary key yet."


@wrong("subscribe")
def the_secondary_key(trainee, trainer):
    trainee.subscribe()
    trainee.show_key("secondary")
    return "You have shown your secondary key, but not the primary key."


@wrong("send")
def not_declared(trainee, trainer):
    trainee.subscribe()
    assert trainee.send_rows(trainee.show_key())[0] == 403
    return "the Declaration for API Users is not current."


@wrong("send")
def two_rows_of_three(trainee, trainer):
    trainee.declare()
    trainee.subscribe()
    rows = json.loads(trainee.file("send"))["serialNumbers"][:2]
    body = json.dumps({"serialNumbers": rows}).encode()
    assert trainee.send_rows(trainee.show_key(), body)[0] == 201
    return "1 of your 3 rows is not in the ledger"


@wrong("send")
def uploaded_by_page(trainee, trainer):
    rows = json.loads(trainee.file("send"))["serialNumbers"]
    heading = trainee.file("upload").split(b"\r\n")[0].decode()
    lines = [heading, *(",".join(row.values()) for row in rows)]
    trainee.upload("\r\n".join(lines).encode())
    return "Your rows are in the ledger, but they were not sent by API."


@wrong("correct")
def marked_alone(trainee, trainer):
    trainee.upload(trainee.file("upload"))
    trainee.mark(trainee.wrong_serial())
    return "is marked as invalid, but not uploaded again yet."


@wrong("correct")
def uploaded_again_as_before(trainee, trainer):
    trainee.upload(trainee.file("upload"))
    trainee.mark(trainee.wrong_serial())
    lines = trainee.file("upload").split(b"\r\n")
    trainee.upload(b"\r\n".join([lines[0], lines[4]]))
    return "instead of TSC-440M"


@wrong("correct")
def another_row_marked(trainee, trainer):
    trainee.upload(trainee.file("upload"))
    lines = trainee.file("upload").decode().split("\r\n")
    trainee.mark(lines[1].split(",")[3])
    return "is still valid with the model number"


@wrong("calculate")
def another_system(trainee, trainer):
    trainee.answer("calculate", str(trainee.by_hand()))
    trainee.calculate(postcode="0800")
    return "You have calculated another system: its postcode is 0800 instead of"


@wrong("calculate")
def another_number(trainee, trainer):
    trainee.answer("calculate", "1")
    trainee.calculate()
    return "You got 1 by hand, but the calculator got something else."


@wrong("log")
def nothing_calculated(trainee, trainer):
    trainee.answer("log", "1")
    return "The system has not been calculated with the STC calculator yet."


@wrong("log")
def another_event(trainee, trainer):
    trainee.calculate()
    trainee.answer("log", "5,000")
    return "Event 5000 of the log is not the event of your calculation."


@wrong("check")
def nothing_uploaded(trainee, trainer):
    trainee.answer("check", trainee.not_found())
    return "The panels are those of your first file: upload it first."


@wrong("check")
def one_that_is_not_there(trainee, trainer):
    trainee.upload(trainee.file("upload"))
    trainee.answer("check", trainee.wrong_serial())
    return "is not one of the five."


@wrong("check")
def no_answer(trainee, trainer):
    trainee.upload(trainee.file("upload"))
    assert "Enter an answer to" in trainee.answer("check", " ", expected=(422,))
    return "Enter the serial number that the ledger does not have."
