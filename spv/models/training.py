"""Tables of the training: classes and the places of trainees; empty in production."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.models.accounts import User
from spv.models.columns import Numbered, UserId


class TrainingClass(Numbered):
    """A class, which people enter with its code until it ends.

    `trainer_id` is null for a trainee who practises alone: then the app plays the
    agency, and nobody else can enter.
    """

    code: Mapped[str] = mapped_column(String(6), unique=True)
    trainer_id: Mapped[UserId | None]
    place_count: Mapped[int]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    trainer: Mapped[User | None] = relationship()


class TrainingPlace(Numbered):
    """The place of a trainee, who gets a new user at each reset.

    `answers` are the trainee's answers, by the names of the exercises.
    """

    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"), index=True)
    user_id: Mapped[UserId] = mapped_column(unique=True)
    answers: Mapped[dict[str, Any]]
    entered_at: Mapped[datetime]

    of_class: Mapped[TrainingClass] = relationship()
    user: Mapped[User] = relationship()
