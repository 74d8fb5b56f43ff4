"""The states of rows that events record, so that the rows can be verified."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import inspect

from spv import models
from spv.extensions import Model

State = dict[str, Any]  # the value of each column, as JSON


class Kind(NamedTuple):
    """A table whose rows the log covers: all columns but the id and `left_out`."""

    model: type[Model]
    name: str
    secret: frozenset[str] = frozenset()  # the log has only their SHA-256
    left_out: frozenset[str] = frozenset()


_KINDS = (
    Kind(models.User, "user", frozenset({"password_hash", "link_hash"})),
    Kind(models.SecondFactor, "second factor", frozenset({"sealed", "recovery"}),
         frozenset({"last_step"})),
    Kind(models.Account, "account"),
    Kind(models.AccountApplication, "application"),
    Kind(models.NominatedContact, "nominated contact"),
    Kind(models.Subscription, "subscription"),
    Kind(models.SubscriptionKey, "subscription key", frozenset({"sealed"}),
         frozenset({"last_used_at"})),
    Kind(models.Suspension, "suspension"),
    Kind(models.DeskNote, "desk note"),
    Kind(models.TrainingClass, "class"),
    Kind(models.TrainingPlace, "training place"),
    Kind(models.StcBatch, "batch file", frozenset({"document", "reasons", "warnings"})),
)  # fmt: skip
KINDS = {kind.model.__tablename__: kind for kind in _KINDS}
ALL = frozenset({"*"})
# The columns that events may set in the rows that they change. In new rows, and in
# all rows of a table with ALL, they may set every column.
SETS: dict[str, dict[str, frozenset[str]]] = {
    event: {table: frozenset(columns.split()) for table, columns in tables.items()}
    for events, tables in {
        "log.baseline": dict.fromkeys(KINDS, "*"),
        "log.columns_added staff.role_changed": {"users": "staff_role"},
        "demonstration.loaded": {"users": "is_demonstration"},
        "user.signed_up user.added": {"users": ""},
        "user.changed": {"users": "name is_administrator"},
        "user.removed staff.removed":
            {"users": "removed_at link_hash link_until", "second_factors": ""},
        "user.password_link_made": {"users": "link_hash link_until staff_link_event"},
        "user.link_notice_closed": {"users": "closed_link_event"},
        "user.password_set": {"users": "password_hash link_hash link_until"},
        "user.password_changed": {"users": "password_hash"},
        "staff.created":
            {"users": "is_staff staff_role password_hash link_hash link_until",
             "second_factors": ""},
        "second_factor.added second_factor.removed second_factor.reset":
            {"second_factors": ""},
        "second_factor.replaced": {"second_factors": "sealed recovery created_at"},
        "second_factor.recovery_code_used": {"second_factors": "recovery"},
        "application.submitted": {"account_applications": ""},
        "application.declined":
            {"account_applications": "status reason assessed_by_id assessed_at"},
        "application.approved":
            {"account_applications": "status account_id assessed_by_id assessed_at",
             "accounts": "legal_name abn phone account_types",
             "users": "account_id is_administrator"},
        "contact.saved contacts.loaded contact.removed": {"nominated_contacts": "*"},
        "subscription.created": {"subscriptions": "", "subscription_keys": ""},
        "subscription.renamed": {"subscriptions": "name"},
        "subscription.cancelled": {"subscriptions": "cancelled_at"},
        "key.regenerated": {"subscription_keys": "digest sealed created_at"},
        "stc.batch_calculated": {"stc_batches": ""},
        "account.suspended user.suspended subscription.suspended": {"suspensions": ""},
        "account.reinstated user.reinstated subscription.reinstated":
            {"suspensions": "end_reason ended_at ended_by_id"},
        "finding.seen": {"desk_notes": ""},
        "training.class_opened": {"training_classes": ""},
        "training.class_ended": {"training_classes": "ends_at"},
        "training.entered": dict.fromkeys(
            ("users", "nominated_contacts", "training_places", "training_classes"), ""),
        "training.answered": {"training_places": "answers"},
        "training.account_given":
            {"accounts": "account_types", "users": "account_id is_administrator"},
        "training.reset":
            {"users": "removed_at", "nominated_contacts": "",
             "training_places": "user_id answers"},
    }.items()
    for event in events.split()
}  # fmt: skip


def states_of(rows: Iterable[Model]) -> dict[str, dict[str, State | None]]:
    """Return the state of each row by its table and id; None if it was deleted."""
    states: dict[str, dict[str, State | None]] = {}
    for row in rows:
        found, table = inspect(row), row.__tablename__
        columns = {key: getattr(row, key) for key in [*found.mapper.columns.keys()]}
        states.setdefault(table, {})[str(columns["id"])] = (
            None if found.deleted else state_of(KINDS[table], columns)
        )
    return states


def state_of(kind: Kind, columns: Mapping[str, Any]) -> State:
    """Return the state of a row of a kind, whose columns are given by name."""
    state = {name: value for name, value in columns.items() if name != "id"}
    for name in kind.left_out:
        del state[name]
    for name, value in state.items():
        if name in kind.secret and value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            state[name] = sha256(text.encode()).hexdigest()
        elif isinstance(value, date):
            state[name] = value.isoformat()
    return state
