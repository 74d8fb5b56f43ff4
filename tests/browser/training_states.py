"""The states of the pages of the training: of a trainee, and of a trainer."""

from tests.browser.state_steps import does, enter_class, fill, first, unfold
from tests.browser.test_accounts import press

TRAINEE = [
    ("training", "/training"),
    ("training, errors", "/training", does(press, "Enter")),
    ("training, wrong code", "/training/join?code=NOBODY",
     lambda page: page.get_by_label("First name").first.fill("Mia"),
     does(press, "Enter")),
    ("training, begun", "/training",
     lambda page: page.get_by_label("First name").last.fill("Mia"),
     does(press, "Begin")),
    ("exercise, apply", "/training/exercises/1"),
    ("exercise, needs an account", "/training/exercises/4"),
    ("training, account given", "/training/exercises/4",
     does(press, "Give me the account")),
    ("exercise, mend", "/training/exercises/5"),
    ("exercise, send", "/training/exercises/8"),
    ("exercise, calculate", "/training/exercises/10"),
    ("exercise, no answer", "/training/exercises/10", does(press, "Keep this answer")),
    ("exercise, check", "/training/exercises/12"),
    ("portal, panel", "/"),
    ("upload, panel", "/panels/upload"),
    ("upload, panel folded", "/panels/upload", unfold("Exercise 4")),
    ("training, start again", "/training/reset"),
    ("training, start again, errors", "/training/reset", does(press, "Start again")),
]  # fmt: skip
TRAINER = [
    ("training, trainer", "/training"),
    ("training, no number of places", "/training", does(press, "Open a class")),
    ("board, empty", "/training", fill("Places", "30"), does(press, "Open a class")),
    ("board", "/training", first("main tbody a"), enter_class),
    ("board, more", "/training", first("main tbody a"), unfold("More"),
     unfold("For everybody")),
    ("board, not confirmed", "/training", first("main tbody a"), unfold("More"),
     lambda page: page.get_by_role("button", name="Start again").first.click()),
    ("clock", "/training/clock"),
    ("clock, nothing chosen", "/training/clock", does(press, "Move the clock")),
    ("clock, moved", "/training/clock",
     lambda page: page.get_by_label("One week on").check(),
     does(press, "Move the clock")),
    ("clock, moved back", "/training/clock",
     lambda page: page.get_by_label("Back to").check(), does(press, "Move the clock")),
]  # fmt: skip
