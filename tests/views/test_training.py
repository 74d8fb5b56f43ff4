"""The training in its pages: exercises, classes, resets, and the end of a class."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from spv import clock, demo
from spv.extensions import db
from spv.models import TrainingClass, User
from tests.conftest import dispose, make_app
from tests.people import browser_of, events
from tests.proof import log_problems
from tests.trainees import UPLOADS, Trainee, begin, sender


@pytest.mark.every_database
def test_every_exercise_is_ticked_when_it_is_done(demonstration):
    mia = begin(demonstration)
    assert all(mia.missing())
    mia.do_all()
    assert mia.missing() == [""] * 12
    assert "12 of 12 done" in mia.get("/training")
    assert log_problems() == []


@pytest.mark.every_database
def test_a_class_from_its_code_to_its_end(demonstration, trainer):
    code = trainer.open_class(2)
    lee, ana = begin(demonstration, code, "Lee"), begin(demonstration, code, "Ana")
    lee.apply()
    assert "1 place approved" in trainer.act("approve")
    assert "There was nothing to do" in trainer.act("approve")
    assert lee.lacks("assessed") == ""
    board = trainer.get(trainer.board)
    assert ("Lee" in board, "Ana" in board, "2 of 2 places" in board) == (True,) * 3
    assert board.count("✓") == 2
    trainer.post(f"{trainer.board}/end", {})
    assert "Your training place has ended" in lee.get("/training")
    status, _, _ = ana.send("GET", "/training/exercises/1")
    assert status == 303
    assert "This class ended on" in trainer.get(trainer.board)
    assert log_problems() == []


def test_a_class_is_entered_from_another_place_too(demonstration, trainer):
    code, mia = trainer.open_class(), begin(demonstration)
    for trainee in (mia, Trainee(sender(browser_of(demonstration, demo.ASSESSOR)))):
        page = trainee.get(f"/training/join?code={code}")
        assert (f'value="{code}"' in page, "Practise alone" in page) == (True, False)
        assert "you go on as another person" in page.replace("\n ", "")
    mia.enter(code, "Mia")
    assert "Your trainer plays the agency" in mia.get("/training")


def test_an_open_board_does_not_keep_the_session_alive(demonstration, trainer):
    trainer.open_class()
    polled = re.search(r'hx-get="([^"]+)"', trainer.get(trainer.board))[1]
    assert polled == f"{trainer.board}?poll="


def test_one_wrong_application_does_not_hold_up_the_class(demonstration, trainer):
    code = trainer.open_class()
    lee, ana = begin(demonstration, code, "Lee"), begin(demonstration, code, "Ana")
    lee.apply(abn="80000000001")  # which an account of the demonstration has
    ana.apply()
    page = trainer.act("approve")
    assert "1 place approved. 1 place could not be approved: Another account" in page
    assert (ana.lacks("assessed"), bool(lee.lacks("assessed"))) == ("", True)


def test_a_class_ends_by_itself_after_a_day(demonstration, trainer):
    lee = begin(demonstration, trainer.open_class(), "Lee")
    past = {"ends_at": clock.now() - timedelta(seconds=1)}
    db.session.execute(sa.update(TrainingClass).values(past))
    db.session.commit()
    assert "Your training place has ended" in lee.get("/training/exercises/1")
    assert "Enter a class" in lee.get("/training")
    board = trainer.get(trainer.board)
    assert "This class ended on" in board
    assert "Lee" in board
    assert "/act" not in board


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"code": "", "name": "Lee"}, "Enter the six letters of the code."),
        ({"code": "ABCDEF", "name": "Lee"}, "No open class has this code."),
        ({"code": "{code}", "name": ""}, "Enter your first name or nickname."),
        (
            {"code": "{code}", "name": "L" * 41},
            "Shorten your first name or nickname: it has 41 characters",
        ),
        ({"code": "{code}", "name": " ana "}, "Somebody in this class has this name."),
    ],
)
def test_what_cannot_enter_is_told_why(demonstration, trainer, form, sentence):
    code = trainer.open_class(3)
    begin(demonstration, code, "Ana")
    form["code"] = form["code"].format(code=code)
    answer = demonstration.test_client().post("/training/join", data=form)
    assert (answer.status_code, sentence in answer.text) == (422, True)


def test_a_full_class_takes_nobody_and_a_code_may_be_typed_in_any_way(
    demonstration, trainer
):
    code = trainer.open_class(1)
    begin(demonstration, f" {code[:3].lower()} {code[3:]} ", "Ana")
    answer = demonstration.test_client().post(
        "/training/join", data={"code": code, "name": "Lee"}
    )
    assert "Every place of this class is taken." in answer.text


@pytest.mark.parametrize("places", ["0", "61", "", "-1", "1e3", "٣", "9" * 50])
def test_a_class_has_one_to_sixty_places(demonstration, trainer, places):
    answer = trainer.send("POST", "/training/classes", {"places": places})
    assert answer[0] == 422
    assert "Enter a number of places from 1 to 60." in answer[2]


def test_a_reset_gives_a_new_account_and_leaves_others_alone(demonstration, trainer):
    code = trainer.open_class()
    lee, ana = begin(demonstration, code, "Lee"), begin(demonstration, code, "Ana")
    for each in (lee, ana):
        each.give_account()
        each.upload(each.file("upload"))
    before, of_ana = lee.file("upload"), ana.file("upload")
    page = lee.post("/training/reset", {"confirmation": "rest"}, expected=(422,))
    assert "Type reset to confirm" in page
    lee.post("/training/reset", {"confirmation": " Reset "})
    assert all(lee.missing())
    assert lee.file("upload") != before
    assert (ana.lacks("upload"), ana.file("upload")) == ("", of_ana)
    trainer.reset()
    assert all(ana.missing())
    assert all(lee.missing())
    removed = sa.select(sa.func.count()).where(User.removed_at.is_not(None))
    assert db.session.scalar(removed) == 3
    assert log_problems() == []


def test_a_trainer_resets_one_place(demonstration, trainer):
    code = trainer.open_class()
    lee, ana = begin(demonstration, code, "Lee"), begin(demonstration, code, "Ana")
    of_lee, of_ana = lee.file("upload"), ana.file("upload")
    trainer.reset(trainer.places()[0])
    assert lee.file("upload") != of_lee
    assert ana.file("upload") == of_ana
    trainer.reset("1", confirmation="", expected=(404, 422))
    for wrong in ("none", "0", "-1", "9" * 30):  # never the whole class
        trainer.reset(wrong, expected=(404,))
    assert ana.file("upload") == of_ana


def test_suspending_shuts_a_trainee_out_until_the_reinstatement(demonstration, trainer):
    lee = begin(demonstration, trainer.open_class(), "Lee")
    trainer.act("suspend")
    status, _, text = lee.send("GET", "/training")
    assert (status, "so that you see what it looks like" in text) == (403, True)
    trainer.act("reinstate")
    (email,) = db.session.scalars(sa.select(User.email).where(User.name == "Lee"))
    back = Trainee(sender(browser_of(demonstration, email)))
    assert len(back.missing()) == 12


def test_only_the_app_assesses_for_those_who_practise_alone(demonstration, trainer):
    lee = begin(demonstration, trainer.open_class(), "Lee")
    lee.apply()
    assert lee.send("POST", "/training/assess", {})[0] == 409
    mia = begin(demonstration)
    assert mia.send("POST", "/training/assess", {})[0] == 409
    mia.apply()
    browser_of(demonstration, demo.STAFF)
    mia.assess()
    assert mia.lacks("assessed") == ""


def test_a_trainee_sees_nothing_of_another(demonstration, trainer):
    code = trainer.open_class()
    lee, ana = begin(demonstration, code, "Lee"), begin(demonstration, code, "Ana")
    lee.give_account()
    lee.upload(lee.file("upload"))
    assert lee.wrong_serial() not in ana.get("/training/exercises/9")
    assert ana.send("GET", trainer.board)[0] == 403
    assert ana.send("POST", f"{trainer.board}/act", {"act": "approve"})[0] == 403


def test_other_people_have_no_place(demonstration):
    browser = browser_of(demonstration, demo.VSP_ADMIN)
    assert browser.get("/training").status_code == 200
    for path in (
        "/training/exercises/1",
        "/training/exercises/4/file",
        "/training/reset",
    ):
        assert browser.get(path).location == "/training"
    for path in ("assess", "account", "reset", "exercises/10"):
        assert browser.post(f"/training/{path}", data={}).location == "/training"


@pytest.mark.parametrize(
    "path", ["exercises/0", "exercises/13", "exercises/1/file", "exercises/10/file"]
)
def test_there_is_no_other_exercise_or_file(demonstration, path):
    assert begin(demonstration).send("GET", f"/training/{path}")[0] == 404


def test_the_panel_stands_beside_the_pages_of_an_exercise(demonstration):
    mia = begin(demonstration)
    assert "Exercise 1:" in mia.get("/")
    assert "Exercise 1:" in mia.get("/account/apply")
    mia.give_account()
    assert "Exercise 4: Upload a file" in mia.get("/panels/upload")
    page = mia.upload(mia.file("upload"))
    assert "This exercise is done." not in page  # the next of this page stands there
    assert "Exercise 5: Mend a refused file" in page
    assert "training-panel" not in mia.get("/help")
    assert "training-panel" not in browser_of(demonstration, demo.GENERAL).get("/").text


def test_each_act_is_one_event(demonstration, trainer):
    before = len(events())
    lee = begin(demonstration, trainer.open_class(), "Lee")
    lee.answer("calculate", "90")
    trainer.act("suspend", trainer.places()[0])
    trainer.act("reinstate")
    trainer.reset()
    trainer.post("/training/clock", {"move": "back"})
    trainer.post(f"{trainer.board}/end", {})
    mia = begin(demonstration)
    mia.apply()
    mia.assess()
    mia.give_account()
    mia.post("/training/reset", {"confirmation": "reset"})
    assert events()[before:] == [
        "training.class_opened", "training.entered", "training.answered",
        "user.suspended", "user.reinstated", "training.reset",
        "training.clock_moved", "training.class_ended", "training.entered",
        "application.submitted", "application.approved", "training.account_given",
        "training.reset",
    ]  # fmt: skip
    assert log_problems() == []


def test_production_has_no_training(sqlite_url):
    app = make_app(sqlite_url, SPV_ENVIRONMENT="production")
    try:
        rules = {rule.rule for rule in app.url_map.iter_rules()}
        assert not any("training" in rule for rule in rules)
        assert clock.DAYS_MOVED not in app.extensions
        for path in ("/training", "/training/join", "/training/classes/1"):
            assert app.test_client().get(path).status_code == 404
        assert "Training" not in app.test_client().get("/").text
    finally:
        dispose(app)


def test_rows_that_were_only_asked_about_are_not_sent(demonstration):
    mia = begin(demonstration)
    mia.give_account()
    mia.declare()
    mia.subscribe()
    headers = {
        "Ocp-Apim-Subscription-Key": mia.show_key("test"),
        "Content-Type": "application/json",
    }
    asked = json.dumps({"serialNumbers": ["A1111", "B2222", "C3333"]})
    status, *_ = mia.send("POST", f"{UPLOADS}/check", asked, None, headers)
    assert status == 200
    assert mia.lacks("send") == "No request has sent your rows yet."


def test_an_account_is_not_given_while_an_application_waits(demonstration):
    mia = begin(demonstration)
    mia.apply()
    page = mia.post("/training/account", {}, expected=(409,))
    assert "Your application waits to be assessed: that comes first." in page
    mia.assess()
    mia.give_account()
    mia.give_account()  # once more
    assert events().count("training.account_given") == 1
