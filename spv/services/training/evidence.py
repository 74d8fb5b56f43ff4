"""Read from the ledger and the log what trainees have done."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.database import one_of
from spv.extensions import db
from spv.models import (
    AccountApplication,
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
from spv.rules.training.exercises import (
    Application,
    Calculation,
    Evidence,
    Recorded,
    missing,
)
from spv.rules.training.material import Material
from spv.services.accounts.applications import of_users

CALCULATED, SHOWN = "stc.calculated", "key.shown"


def material_of(place: TrainingPlace) -> Material:
    """Return what a trainee is given."""
    return Material(place.user_id, clock.day_of(place.user.created_at))


def last_calculation(place: TrainingPlace) -> str:
    """Return the reference of a trainee's last calculation; "" if there is none."""
    events = _events([place.user.email]).get(place.user.email, ())
    found = [details["reference"] for name, _, details in events if name == CALCULATED]
    return found[-1] if found else ""


def missing_of(places: Sequence[TrainingPlace]) -> dict[int, list[str]]:
    """Say by the id of each place what its exercises still lack; "" for those done."""
    accounts = [p.user.account_id for p in places if p.user.account_id]
    found = _of_accounts(accounts)
    applications = _lists(
        (each.user_id, _application(each))
        for each in of_users([place.user_id for place in places])
    )
    rows, events = _rows(places, accounts), _events([p.user.email for p in places])
    missed = {}
    for place in places:
        user, given = place.user, material_of(place)
        account, mine = user.account, events.get(user.email, [])
        number = account.id if account else 0
        evidence = Evidence(
            **{name: lists.get(number, ()) for name, lists in found.items()},
            account_types=account.account_types if account else (),
            applications=applications.get(user.id, ()),
            rows=rows.get(number, {}),
            keys=frozenset(d["key"] for name, _, d in mine if name == SHOWN),
            calculations=[
                _calculation(sequence, details, given)
                for name, sequence, details in mine
                if name == CALCULATED
            ],
            answers=place.answers,
        )
        missed[place.id] = missing(evidence, given)
    return missed


def _of_accounts(accounts: list[int]) -> dict[str, dict[int, list[Any]]]:
    """Return facts of the evidence that belong to accounts, each by the account."""

    def read(model: Any, *names: str) -> Sequence[Any]:
        columns = [model.account_id, *(getattr(model, name) for name in names)]
        query = select(*columns).where(model.account_id.in_(accounts))
        return db.session.execute(query.order_by(model.id)).all()

    refused = read(RefusedUpload, "row_count", "problem_count")
    return {
        "refused": _lists((account, tuple(counts)) for account, *counts in refused),
        "declarations": _lists(
            (account, purpose)
            for account, purpose in read(Declaration, "purpose")
            if purpose == API
        ),
        "subscriptions": _lists(read(Subscription, "id")),
        "requests": _lists(_requests(accounts)),
    }


def _lists(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    lists: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        lists[key].append(value)
    return lists


def _application(each: AccountApplication) -> Application:
    return Application(
        each.status, each.is_upgrade, each.legal_name, each.abn, each.reason or ""
    )


def _requests(accounts: list[int]) -> Iterator[tuple[int, tuple[str, int, int]]]:
    """Yield accounts with the answered API requests of each, the newest first."""
    columns = ApiRequest.key_kind, ApiRequest.status, ApiRequest.item_count
    query = select(Subscription.account_id, *columns).join(
        Subscription, ApiRequest.subscription_id == Subscription.id
    )
    query = query.where(
        Subscription.account_id.in_(accounts), ApiRequest.status.is_not(None)
    )
    for row in db.session.execute(query.order_by(ApiRequest.id.desc())):
        yield row.account_id, (row.key_kind, row.status, row.item_count or 0)


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


def _events(emails: list[str]) -> dict[str, list[tuple[str, int, dict[str, Any]]]]:
    """Return calculations and shown keys: name, number and details, by email address.

    A batch logs one event, which has no calculation of its own.
    """
    query = select(AuditEvent).where(
        AuditEvent.actor.in_(emails), AuditEvent.event.in_((CALCULATED, SHOWN))
    )
    return _lists(
        (each.actor, (each.event, each.sequence, json.loads(each.details)))
        for each in db.session.scalars(query.order_by(AuditEvent.id))
    )


def _calculation(number: int, details: dict[str, Any], given: Material) -> Calculation:
    answers = {name: details["inputs"].get(name) for name in given.system}
    return Calculation(
        details["reference"], answers, details["result"]["certificates"], number
    )
