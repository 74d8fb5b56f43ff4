"""Read from the ledger and the log what trainees have done."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from spv import clock
from spv.database import one_of
from spv.extensions import db
from spv.models import (
    ApiRequest,
    AuditEvent,
    Declaration,
    PanelSerial,
    Product,
    RefusedUpload,
    Subscription,
    TrainingPlace,
    Upload,
)
from spv.rules.ledger.statements import API
from spv.rules.text import format_decimal
from spv.rules.training.exercises import Calculation, Evidence, Recorded, missing
from spv.rules.training.material import Material
from spv.services.accounts.applications import of_users

CALCULATED, SHOWN = "stc.calculated", "key.shown"
SENT = "POST /serial-numbers"  # in the log of requests


def material_of(place: TrainingPlace) -> Material:
    """Return what a trainee is given."""
    return Material(place.user_id, clock.day_of(place.user.created_at))


def last_calculation(place: TrainingPlace) -> str:
    """Return the reference of a trainee's last calculation; "" if there is none."""
    found = _events([place])[CALCULATED, place.user.email]
    return found[-1][1]["reference"] if found else ""


def missing_of(places: Sequence[TrainingPlace]) -> dict[int, list[str]]:
    """Say by the id of each place what its exercises still lack; "" if one is done."""
    accounts = [p.user.account_id for p in places if p.user.account_id]
    facts, rows = _of_accounts(accounts), _rows(places, accounts)
    applications: Sequence[Any] = of_users([place.user_id for place in places])
    events = _events(places)
    missed = {}
    for place in places:
        user, account = place.user, place.user.account
        number, given = user.account_id or 0, material_of(place)
        evidence = Evidence(
            **{name: found[number] for name, found in facts.items()},
            account_types=account.account_types if account else (),
            applications=[a for a in applications if a.user_id == user.id],
            rows=rows[number],
            keys=frozenset(details["key"] for _, details in events[SHOWN, user.email]),
            calculations=[
                _calculation(sequence, details, given)
                for sequence, details in events[CALCULATED, user.email]
            ],
            answers=place.answers,
        )
        missed[place.id] = missing(evidence, given)
    return missed


def _of_accounts(accounts: list[int]) -> dict[str, dict[int, list[Any]]]:
    """Return facts of the evidence that belong to accounts, each by the account."""
    refused, request = RefusedUpload, ApiRequest
    answered = (
        select(Subscription.account_id, request.key_kind, request.status,
               func.coalesce(request.item_count, 0))
        .join(Subscription, request.subscription_id == Subscription.id)
        .where(request.status.is_not(None), request.request == SENT)
        .order_by(request.id.desc())
    )  # fmt: skip
    queries: dict[str, Any] = {
        "refused": select(refused.account_id, refused.row_count, refused.problem_count),
        "declarations": select(Declaration.account_id, Declaration.purpose)
        .where(Declaration.purpose == API),
        "subscriptions": select(Subscription.account_id, Subscription.id),
        "requests": answered,
    }  # fmt: skip
    facts: dict[str, dict[int, list[Any]]]
    facts = {name: defaultdict(list) for name in queries}
    for name, query in queries.items():
        of_accounts = query.where(query.selected_columns[0].in_(accounts))
        for account, *values in db.session.execute(of_accounts):
            facts[name][account].append(tuple(values))
    return facts


def _rows(
    places: Sequence[TrainingPlace], accounts: list[int]
) -> dict[int, dict[str, list[Recorded]]]:
    """Return the rows of the trainees' own serial numbers, by account and number."""
    serials = [serial for place in places for serial in material_of(place).serials]
    query = (
        select(PanelSerial, Product, Upload)
        .join(Product, PanelSerial.product_id == Product.id)
        .join(Upload, PanelSerial.upload_id == Upload.id)
        .where(one_of(PanelSerial.serial_number, serials))
        .where(Upload.account_id.in_(accounts))
        .order_by(PanelSerial.id)
    )
    found: dict[int, dict[str, list[Recorded]]] = defaultdict(lambda: defaultdict(list))
    for row, product, upload in db.session.execute(query):
        names = product.supplier_name, product.licensee, product.model_number
        recorded = Recorded(names, upload.channel, row.invalidation_id is None)
        found[upload.account_id][row.serial_number].append(recorded)
    return found


def _events(places: Sequence[TrainingPlace]) -> dict[tuple[str, str], list[Any]]:
    """Return numbers and details of calculations and shown keys, by name and email.

    A batch logs one event, which has no calculation of its own.
    """
    found = defaultdict[tuple[str, str], list[Any]](list)
    emails = [place.user.email for place in places]
    query = select(AuditEvent).where(
        AuditEvent.actor.in_(emails), AuditEvent.event.in_((CALCULATED, SHOWN))
    )
    for each in db.session.scalars(query.order_by(AuditEvent.id)):
        event = each.sequence, json.loads(each.details)
        found[each.event, each.actor].append(event)
    return found


def _calculation(number: int, details: dict[str, Any], given: Material) -> Calculation:
    answers = {name: details["inputs"].get(name) for name in given.system}
    if power := answers["rated_power_kw"]:
        answers["rated_power_kw"] = format_decimal(Decimal(power))  # 9.960 is 9.96
    return Calculation(
        details["reference"], answers, details["result"]["certificates"], number
    )
