"""The training, which only a demonstration has: exercises, classes, and the clock."""

from collections.abc import Sequence
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms import accounts as forms
from spv.rules.errors import ConflictError
from spv.rules.text import format_date, pluralise
from spv.rules.training.material import EXERCISES, PHONE, Exercise, Material
from spv.services.accounts import sign_in
from spv.services.authorisation import require
from spv.services.training import classes, clock, evidence, places
from spv.services.training.classes import Act

bp = Blueprint("training", __name__, url_prefix="/training")
classes_bp = Blueprint("classes", __name__, url_prefix="/training")
OVER = "Your training place has ended. Its work stays in the ledger and the log."
DONE = {
    Act.APPROVE: "approved",
    Act.DECLINE: "declined",
    Act.SUSPEND: "suspended",
    Act.REINSTATE: "reinstated",
}


class Progress:
    """The exercises of a trainee. `missing` has "" for each one that is done."""

    def __init__(self, place: Any, given: Material, missing: list[str]) -> None:
        self.place, self.given, self.missing = place, given, missing
        self.done = missing.count("")
        # The first exercise that is not done.
        self.undone = next((e for e in EXERCISES if missing[e.number - 1]), None)

    def panel(self, endpoint: str | None) -> Exercise | None:
        """Return the next exercise of a page; the home page is one of all exercises."""
        of_page = [e for e in EXERCISES if endpoint in ("site.index", *e.pages)]
        undone = [each for each in of_page if self.missing[each.number - 1]]
        return next(iter(undone or of_page), None)


@bp.before_app_request
def leave_ended_class() -> BaseResponse | None:
    """Find the place of a trainee, and sign the trainee out if the class has ended."""
    if request.endpoint in access.WITHOUT_COOKIES or request.path.startswith("/api/"):
        return None
    person = access.person()
    if person is None or not places.is_trainee(person.email):
        return None
    g.place = places.place_of(person.user_id)
    if g.place is None or not classes.is_over(g.place.of_class):
        return None
    sign_in.sign_out(access.token(), current_actor())
    session.clear()
    return pages.go_to("training.index", OVER)


@bp.app_template_global("training")
def progress() -> Progress | None:
    """Return the progress of the trainee of this request; None for everybody else."""
    place: Any = g.get("place")
    if place and "progress" not in g:  # the page and the panel ask
        missing = evidence.missing_of([place])[place.id]
        g.progress = Progress(place, evidence.material_of(place), missing)
    found: Progress | None = g.get("progress")
    return found


def of_trainee(view: pages.View) -> pages.View:
    """Give a view the place of the trainee. Redirect others to the start page."""

    @wraps(view)
    def use(*args: Any, **values: Any) -> BaseResponse:
        if place := g.get("place"):
            return view(place, *args, **values)
        return redirect(url_for("training.index"))

    return use


def _exercise(number: int) -> Exercise:
    return require(next((e for e in EXERCISES if e.number == number), None))


@bp.get("")
@bp.get("/join", endpoint="new")
def index(
    form: forms.EnterForm | None = None,
    alone: forms.AloneForm | None = None,
    opening: forms.ClassForm | None = None,
) -> Response:
    """Show the exercises, with the progress of a trainee or a form to begin."""
    is_trainer = access.may("classes.board")
    return pages.render(
        "training/_index.html", "Training",
        form or forms.EnterForm(code=request.args.get("code", "")[:20]),
        alone=alone or forms.AloneForm(formdata=None),
        opening=opening or forms.ClassForm(formdata=None),
        status=next((f.http_status for f in (alone, opening) if f), 0),
        exercises=EXERCISES, classes=classes.index() if is_trainer else [],
        most=classes.MOST_PLACES,
    )  # fmt: skip


@bp.post("/join")
@limiter.limit("120 per minute")
@limiter.limit("600 per hour")
@pages.submits(forms.EnterForm, index)
def enter(form: forms.EnterForm) -> BaseResponse:
    """Enter a class."""
    return _begin(places.enter(form.answers, current_actor(), access.token()))


@bp.post("/alone")
@limiter.limit("20 per minute")
@pages.submits(forms.AloneForm, lambda form: index(alone=form))
def practise_alone(form: forms.AloneForm) -> BaseResponse:
    """Begin to practise without a class."""
    return _begin(places.practise_alone(form.answers, current_actor(), access.token()))


def _begin(token: str) -> BaseResponse:
    access.sign_in(token)
    return pages.go_to("training.index")


@bp.get("/exercises/<number:exercise_number>")
@of_trainee
def exercise(
    place: Any, exercise_number: int, form: forms.AnswerForm | None = None
) -> Response:
    """Show an exercise: the guidance, the task, and what is still missing."""
    shown = _exercise(exercise_number)
    found = require(progress())
    form = form or forms.AnswerForm(answer=place.answers.get(shown.name, ""))
    form.answer.label.text = shown.question
    may_go = access.may(shown.go)
    return pages.render(
        "training/_exercise.html", shown.title, form,
        exercise=shown, found=found, given=found.given, phone=PHONE,
        go=_address_of(shown, place) if may_go else "",
        is_locked=not may_go and shown.number > 3, last=len(EXERCISES),
    )  # fmt: skip


def _address_of(exercise: Exercise, place: Any) -> str:
    """Return the address to begin an exercise at."""
    if exercise.go != "stc.show":
        return url_for(exercise.go)
    reference = evidence.last_calculation(place)
    return url_for("stc.show", reference=reference) if reference else url_for("stc.new")


@bp.get("/exercises/<number:exercise_number>/file")
@of_trainee
def file(place: Any, exercise_number: int) -> Response:
    """Answer with the trainee's file for an exercise."""
    shown = _exercise(exercise_number)
    text = evidence.material_of(place).file(require(shown.file or None))
    if shown.file.endswith(".json"):
        return pages.saved_file(text, shown.file, "application/json")
    return pages.csv_file(text, shown.file)


@bp.post("/exercises/<number:exercise_number>")
@pages.submits(forms.AnswerForm, exercise)
@of_trainee
def answer(place: Any, form: forms.AnswerForm, exercise_number: int) -> BaseResponse:
    """Keep the answer to the question of an exercise."""
    shown = _exercise(exercise_number)
    require(shown.question or None)
    places.answer(place, shown, form.answers, current_actor())
    return pages.done("training.exercise", exercise_number=exercise_number)


@bp.post("/account")
@of_trainee
def give_account(place: Any) -> BaseResponse:
    """Give the trainee the account that the later exercises need."""
    places.give_account(place, current_actor())
    return pages.go_to("training.index", "You have the account of a VSP now.")


@bp.post("/assess")
@of_trainee
def assess(place: Any) -> BaseResponse:
    """Approve the application of a trainee who practises alone."""
    classes.assess_alone(place, current_actor())
    return pages.go_to("training.index", "The agency has approved your application.")


@bp.get("/reset")
@of_trainee
def new_reset(place: Any, form: forms.ResetForm | None = None) -> Response:
    """Ask the trainee to confirm a new start."""
    return pages.render(
        "training/_reset.html", "Start again", form or forms.ResetForm()
    )


@bp.post("/reset")
@pages.submits(forms.ResetForm, new_reset)
@of_trainee
def reset(place: Any, form: forms.ResetForm) -> BaseResponse:
    """Start the trainee's place again."""
    places.reset([place], form.confirmation.data or "", current_actor())
    return pages.go_to("training.index", "You have a new account and new files.")


@classes_bp.post("/classes")
@pages.submits(forms.ClassForm, lambda form: index(opening=form))
def open_class(form: forms.ClassForm) -> BaseResponse:
    """Open a class."""
    number = classes.open_class(form.answers, current_actor())
    return pages.go_to("classes.board", class_id=number)


@classes_bp.get("/clock")
def show_clock(form: forms.ClockForm | None = None) -> Response:
    """Show the business date, and how it can be moved."""
    clock.read_again()
    return pages.render(
        "training/_clock.html", "Clock", form or forms.ClockForm(formdata=None),
        steps=clock.STEPS,
    )  # fmt: skip


@classes_bp.post("/clock")
@pages.submits(forms.ClockForm, show_clock)
def move_clock(form: forms.ClockForm) -> BaseResponse:
    """Move the business date."""
    day = clock.move(form.answers, current_actor())
    return pages.go_to("classes.show_clock", f"The day is {format_date(day)} now.")


@classes_bp.get("/classes/<number:class_id>")
def board(class_id: int, form: forms.ResetForm | None = None) -> Response:
    """Show the board of a class: its places, and the progress of each."""
    of_class, taken = classes.show(class_id)
    return pages.render(
        "training/_board.html", f"Class {of_class.code}",
        form or forms.ResetForm(formdata=None),
        of_class=of_class, is_over=classes.is_over(of_class),
        seats=classes.board(taken), exercises=EXERCISES, acts=Act,
        address=url_for("training.new", code=of_class.code, _external=True),
    )  # fmt: skip


@classes_bp.post("/classes/<number:class_id>/act")
def act(class_id: int) -> BaseResponse:
    """Play the agency's part for a place, or for all places."""
    form = forms.ActForm()
    if form.act.data not in tuple(Act):
        raise ConflictError("Choose what the agency does. Nothing was done.")
    chosen = Act(form.act.data)
    chosen_places = _chosen(class_id, form.place.data)
    count, refused = classes.play(chosen, chosen_places, current_actor())
    sentences = [f"{pluralise(count, 'place')} {DONE[chosen]}."] if count else []
    if refused:
        failed = f"{pluralise(len(refused), 'place')} could not be {DONE[chosen]}"
        sentences.append(f"{failed}: {refused[0]}")
    sentence = " ".join(sentences) or "There was nothing to do."
    return pages.go_to("classes.board", sentence, class_id=class_id)


@classes_bp.post("/classes/<number:class_id>/reset", endpoint="reset")
@pages.submits(forms.ResetForm, board)
def reset_class(form: forms.ResetForm, class_id: int) -> BaseResponse:
    """Start a place, or all places, again."""
    chosen = _chosen(class_id, form.place.data)
    places.reset(chosen, form.confirmation.data or "", current_actor())
    sentence = f"{pluralise(len(chosen), 'place')} reset."
    return pages.go_to("classes.board", sentence, class_id=class_id)


@classes_bp.post("/classes/<number:class_id>/end")
def end(class_id: int) -> BaseResponse:
    """End a class."""
    classes.end(class_id, current_actor())
    return pages.go_to("training.index", "The class has ended.")


def _chosen(class_id: int, place: str | None) -> Sequence[Any]:
    """Return a place of a class, or all if none is named.

    Raises NotFoundError, and ConflictError if the class is over.
    """
    of_class, taken = classes.show(class_id)
    if classes.is_over(of_class):
        raise ConflictError("This class has ended. Nothing was done.")
    named = [each for each in taken if str(each.id) == place]
    return require(named or None) if place else taken
