"""The trainer's part of the training: classes, their boards, and the clock.

Only a demonstration has these pages.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.accounts import ActForm, ClassForm, ClockForm, ResetForm
from spv.rules.errors import ConflictError
from spv.rules.text import format_date, pluralise
from spv.rules.training.material import EXERCISES
from spv.services.authorisation import require
from spv.services.training import classes, clock, places
from spv.services.training.classes import Act
from spv.views.training import index

bp = Blueprint("classes", __name__, url_prefix="/training")
DONE = {
    Act.APPROVE: "approved",
    Act.DECLINE: "declined",
    Act.SUSPEND: "suspended",
    Act.REINSTATE: "reinstated",
}


@bp.post("/classes")
@pages.submits(ClassForm, lambda form: index(opening=form))
def open_class(form: ClassForm) -> BaseResponse:
    """Open a class."""
    number = classes.open_class(form.answers, current_actor())
    return pages.go_to("classes.board", class_id=number)


@bp.get("/clock")
def show_clock(form: ClockForm | None = None) -> Response:
    """Show the day of business, and how it can be moved."""
    clock.read_again()
    return pages.render(
        "training/_clock.html",
        "Clock",
        form or ClockForm(formdata=None),
        steps=clock.STEPS,
    )


@bp.post("/clock")
@pages.submits(ClockForm, show_clock)
def move_clock(form: ClockForm) -> BaseResponse:
    """Move the day of business."""
    day = clock.move(form.answers, current_actor())
    return pages.go_to("classes.show_clock", f"The day is {format_date(day)} now.")


@bp.get("/classes/<number:class_id>")
def board(class_id: int, form: ResetForm | None = None) -> Response:
    """Show the board of a class: its places, and what each has done."""
    of_class, taken = classes.show(class_id)
    return pages.render(
        "training/_board.html", f"Class {of_class.code}",
        form or ResetForm(formdata=None),
        of_class=of_class, is_over=classes.is_over(of_class),
        seats=classes.board(taken), exercises=EXERCISES, acts=Act,
        address=url_for("training.new", code=of_class.code, _external=True),
    )  # fmt: skip


@bp.post("/classes/<number:class_id>/act")
def act(class_id: int) -> BaseResponse:
    """Play the agency's part for a place, or for all places."""
    form = ActForm()
    if form.act.data not in tuple(Act):
        raise ConflictError("Choose what the agency does. Nothing was done.")
    chosen = Act(form.act.data)
    chosen_places = _chosen(class_id, form.place.data)
    count, refused = classes.play(chosen, chosen_places, current_actor())
    sentences = [f"{pluralise(count, 'place')} {DONE[chosen]}."] if count else []
    if refused:
        sentences.append(f"{pluralise(len(refused), 'place')} not: {refused[0]}")
    sentence = " ".join(sentences) or "There was nothing to do."
    return pages.go_to("classes.board", sentence, class_id=class_id)


@bp.post("/classes/<number:class_id>/reset")
@pages.submits(ResetForm, board)
def reset(form: ResetForm, class_id: int) -> BaseResponse:
    """Start a place, or all places, again."""
    chosen = _chosen(class_id, form.place.data)
    places.reset(chosen, form.confirmation.data or "", current_actor())
    sentence = f"{pluralise(len(chosen), 'place')} started again."
    return pages.go_to("classes.board", sentence, class_id=class_id)


@bp.post("/classes/<number:class_id>/end")
def end(class_id: int) -> BaseResponse:
    """End a class."""
    classes.end(class_id, current_actor())
    return pages.go_to("training.index", "The class has ended.")


def _chosen(class_id: int, place: str | None) -> Sequence[Any]:
    """Return a place of a class, or all if none is named; raises NotFoundError."""
    _, taken = classes.show(class_id)
    if not place:
        return taken
    return [require(next((p for p in taken if str(p.id) == place), None))]
