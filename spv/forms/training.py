"""Forms of the training."""

from wtforms import StringField

from spv.forms import Form


class EnterForm(Form):
    """The code of a class, and the name of a trainee."""

    code = StringField("Code of your class")
    name = StringField("First name or nickname")


class AloneForm(Form):
    """The name of somebody who practises alone."""

    name = StringField("First name or nickname")


class ClockForm(Form):
    """A move of the clock."""

    move = StringField("Move the clock")


class ClassForm(Form):
    """A new class."""

    places = StringField("Places")


class AnswerForm(Form):
    """The answer to the question of an exercise."""

    answer = StringField()


class ResetForm(Form):
    """The word that confirms a reset. `place` is empty for a whole class."""

    confirmation = StringField("Type reset to confirm")
    place = StringField()


class ActForm(Form):
    """An act of the agency for a place, or for all places of a class."""

    act = StringField()
    place = StringField()
