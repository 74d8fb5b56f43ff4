"""Tables of accounts, their users, sessions, applications and contacts."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.extensions import Model
from spv.models.types import UtcDateTime


def _unique(name: str, column: str, condition: str) -> Index:
    """Allow one row that meets a condition for each value of a column."""
    where = text(condition)
    return Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


class Account(Model):
    """An organisation. `account_types` are values of `AccountType`, in its order."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    legal_name: Mapped[str] = mapped_column(String(200))
    abn: Mapped[str] = mapped_column(String(11), unique=True)
    phone: Mapped[str] = mapped_column(String(40))
    account_types: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class User(Model):
    """A person who can sign in.

    The row of a removed user stays, as other rows refer to it. The email address can
    then be used by another user. A user without `password_hash` cannot sign in before
    using a password link.
    """

    __tablename__ = "users"
    __table_args__ = (_unique("uq_users_email", "email", "removed_at IS NULL"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_staff: Mapped[bool] = mapped_column(default=False)
    is_administrator: Mapped[bool] = mapped_column(default=False)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    link_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    link_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account | None] = relationship()


class UserSession(Model):
    """A session. The cookie has its token, and this table only the hash."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()


class KnownBrowser(Model):
    """A browser with which a user has signed in, known by the hash of its id."""

    __tablename__ = "known_browsers"
    __table_args__ = (UniqueConstraint("browser_hash", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    signed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInTries(Model):
    """A counter of failed sign-ins, which ends a day after the first of them.

    `subject` is the hash of what was tried, such as an email address, whether it has a
    user or not. `network` is empty if the counter is for all networks.
    """

    __tablename__ = "sign_in_tries"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    network: Mapped[str] = mapped_column(String(43), primary_key=True)
    failures: Mapped[int]
    wait_until: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AccountApplication(Model):
    """An application of a user for an account, or for more types of their account."""

    __tablename__ = "account_applications"
    __table_args__ = (
        _unique("uq_account_applications_user_id", "user_id", "status = 'submitted'"),
        _unique(
            "uq_account_applications_account_id", "account_id", "status = 'submitted'"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    is_upgrade: Mapped[bool]
    legal_name: Mapped[str] = mapped_column(String(200))
    abn: Mapped[str] = mapped_column(String(11))
    phone: Mapped[str] = mapped_column(String(40))
    account_types: Mapped[list[str]] = mapped_column(JSON)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    assessed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    assessed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    assessed_by: Mapped[User] = relationship(foreign_keys=[assessed_by_id])
    account: Mapped[Account | None] = relationship()


class NominatedContact(Model):
    """A contact person whom an organisation has named to the agency."""

    __tablename__ = "nominated_contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    legal_name: Mapped[str] = mapped_column(String(200))
    abn: Mapped[str] = mapped_column(String(11), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
