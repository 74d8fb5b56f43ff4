"""Tables of the training: classes and the places of trainees; empty in production."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.extensions import Model
from spv.models.accounts import User


class TrainingClass(Model):
    """A class, which people enter with its code until it ends.

    `trainer_id` is null for somebody who practises alone: there the app plays the
    agency, and nobody can enter.
    """

    __tablename__ = "training_classes"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    trainer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    place_count: Mapped[int]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    trainer: Mapped[User | None] = relationship()


class TrainingPlace(Model):
    """The place of a trainee, who is another user after each reset.

    `answers` are those that the trainee gave, by the names of the exercises.
    """

    __tablename__ = "training_places"

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    answers: Mapped[dict[str, Any]]
    entered_at: Mapped[datetime]

    of_class: Mapped[TrainingClass] = relationship()
    user: Mapped[User] = relationship()
