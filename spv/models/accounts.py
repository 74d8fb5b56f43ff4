"""Tables of accounts, their users, sessions, applications and contacts."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.extensions import partial_index
from spv.models.columns import AccountId, Numbered, Table, UserId


class Account(Numbered):
    """An organisation. `account_types` are values of `AccountType`, in its order."""

    legal_name: Mapped[str] = mapped_column(String(200))
    abn: Mapped[str] = mapped_column(String(11), unique=True)
    phone: Mapped[str] = mapped_column(String(40))
    account_types: Mapped[list[str]]
    created_at: Mapped[datetime]


class User(Numbered):
    """A person who can sign in.

    The row of a removed user stays, as other rows refer to it. The email address can
    then be used by another user. A user without `password_hash` cannot sign in before
    using a password link. Agency staff have a `staff_role`: assessor, auditor or
    administrator. `staff_link_event` is the number of the event with which staff last
    made a password link for the user. `closed_link_event` is the last such event whose
    notice the user has closed. Users see notices of their own links; administrators
    also see those of their account's users.
    """

    __table_args__ = (
        partial_index("uq_users_email", "email", where="removed_at IS NULL"),
    )

    account_id: Mapped[AccountId | None] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_staff: Mapped[bool] = mapped_column(default=False)
    staff_role: Mapped[str | None] = mapped_column(String(20))
    is_administrator: Mapped[bool] = mapped_column(default=False)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    link_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    link_until: Mapped[datetime | None]
    staff_link_event: Mapped[int] = mapped_column(default=0, server_default="0")
    closed_link_event: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    account: Mapped[Account | None] = relationship()


class UserSession(Numbered):
    """A session. The cookie has its token, and this table only the hash.

    `second_factor_at` is when its user last gave a code of the second factor.
    """

    user_id: Mapped[UserId] = mapped_column(index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class SecondFactor(Numbered):
    """The second factor of a user: one-time codes by time (TOTP, RFC 6238).

    `sealed` is the encrypted secret. `recovery` are the hashes of the recovery codes
    that were not used. `last_step` is the time step of the last code that was accepted,
    so that no code is accepted twice.
    """

    user_id: Mapped[UserId] = mapped_column(unique=True)
    sealed: Mapped[str] = mapped_column(String(300))
    recovery: Mapped[list[str]]
    last_step: Mapped[int]
    created_at: Mapped[datetime]


class KnownBrowser(Numbered):
    """A browser with which a user has signed in, known by the hash of its id."""

    __table_args__ = (UniqueConstraint("browser_hash", "user_id"),)

    user_id: Mapped[UserId] = mapped_column(index=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    signed_in_at: Mapped[datetime]


class SignInTries(Table):
    """A counter of failed sign-ins, which ends a day after the first failure.

    `subject` is the hash of what was typed, such as an email address, whether it has a
    user or not. `network` is empty if the counter is for all networks.
    """

    __tablename__ = "sign_in_tries"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    network: Mapped[str] = mapped_column(String(43), primary_key=True)
    failures: Mapped[int]
    wait_until: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class AccountApplication(Numbered):
    """An application of a user for an account, or for more types of their account."""

    # A user or an account has one application at a time.
    __table_args__ = tuple(
        partial_index(
            f"uq_account_applications_{column}", column, where="status = 'submitted'"
        )
        for column in ("user_id", "account_id")
    )

    user_id: Mapped[UserId] = mapped_column(index=True)
    account_id: Mapped[AccountId | None] = mapped_column(index=True)
    is_upgrade: Mapped[bool]
    legal_name: Mapped[str] = mapped_column(String(200))
    abn: Mapped[str] = mapped_column(String(11))
    phone: Mapped[str] = mapped_column(String(40))
    account_types: Mapped[list[str]]
    submitted_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    assessed_by_id: Mapped[UserId | None] = mapped_column()
    assessed_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    assessed_by: Mapped[User] = relationship(foreign_keys=[assessed_by_id])
    account: Mapped[Account | None] = relationship()


class NominatedContact(Numbered):
    """A contact person whom an organisation has named to the agency."""

    legal_name: Mapped[str] = mapped_column(String(200))
    abn: Mapped[str] = mapped_column(String(11), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
