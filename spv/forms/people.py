"""Forms of people who sign up, sign in, and are added to an account."""

from wtforms import BooleanField, EmailField, PasswordField, StringField

from spv.forms import Form


class NewPasswordForm(Form):
    """A password, typed twice."""

    password = PasswordField("Password")
    password_again = PasswordField("Password again")


class ChangePasswordForm(Form):
    """A new password by who knows the current one."""

    current_password = PasswordField("Current password")
    password = PasswordField("New password")
    password_again = PasswordField("New password again")


class SignUpForm(Form):
    """A person who is new."""

    name = StringField("Full name")
    email = EmailField("Email address")
    password = PasswordField("Password")
    password_again = PasswordField("Password again")


class SignInForm(Form):
    """A person who has signed up."""

    email = EmailField("Email address")
    password = PasswordField("Password")


class UserForm(Form):
    """A user of an account."""

    name = StringField("Full name")
    email = EmailField("Email address")
    administrator = BooleanField("Administrator")
