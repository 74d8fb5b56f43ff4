"""The past of a demonstration: eighteen months of uploads, applications and so on."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from operator import itemgetter
from typing import Any

from spv import clock, demo
from spv.models import Subscription
from spv.rules.accounts import KeyKind
from spv.rules.csv_file import csv_text
from spv.rules.errors import UseCaseError, ValidationError
from spv.rules.ledger.json_api import FIELD_OF, ITEMS
from spv.rules.ledger.rows import Panel
from spv.rules.ledger.search import Criteria
from spv.rules.stc.batch import COLUMNS
from spv.services import audit_log
from spv.services.accounts import applications
from spv.services.actor import Actor, visitor
from spv.services.api import idempotency, ledger_api, subscriptions
from spv.services.api.idempotency import RequestLogEntry
from spv.services.api.subscriptions import ApiClient
from spv.services.authorisation import require
from spv.services.ledger import declarations, invalidations, look_alikes, selections
from spv.services.stc import batches, calculations

Step = dict[str, Any]
Upload = tuple[int, list[Panel]]  # its id, and its panels that are valid
PLAN: dict[str, Any] = demo.DATA["past"]
# IP addresses that nobody has: of a browser, and of a program.
IP, IP_OF_PROGRAM = "203.0.113.20", "198.51.100.7"
CHANCE = 2026  # the seed: the same history each time
MINUTES = 50
DAY = timedelta(days=1)
LAPSED = "declaration_not_current"
RECENT = 6  # uploads, of which rows are marked as invalid
DAYS = 40  # between a calculation and the installation
ENDED = timedelta(minutes=10)  # before the present, so that the log keeps its order
# The rows of a wrong file, from new ones and some that were recorded before.
MISTAKES: dict[str, Callable[[list[Panel], list[Panel]], list[Panel]]] = {
    "again": lambda new, before: before[:14] + new,
    "damaged": lambda new, before: [
        *(panel._replace(serial_number="4.15001E+12") for panel in new[:9]), *new[9:]
    ],
    "empty": lambda new, before: [new[0]._replace(model_number=""), *new[1:]],
    "twice": lambda new, before: new + new[:3],
    "letter": lambda new, before: [*map(_with_letter, before[:4]), *new],
}  # fmt: skip


def load() -> bool:
    """Create the demonstration with its past, like `demo.load`; False if it exists."""
    if any(any(audit_log.events_of(chain)) for chain in audit_log.CHAINS):
        return demo.load()  # a log that has events cannot get earlier ones
    today = clock.today()
    monday = clock.first_moment_of(today - DAY * today.weekday())
    return demo.load(monday - timedelta(weeks=PLAN["weeks"]), Past(monday).make)


class Past:
    """The generator of a demonstration's history, with the uploads made so far."""

    def __init__(self, monday: datetime) -> None:
        self.monday, self.chance = monday, random.Random(CHANCE)  # noqa: S311
        self.until = clock.now() - ENDED
        self.recorded, self.count = defaultdict[int | None, list[Upload]](list), 0
        self.to_correct = defaultdict[int | None, list[Panel]](list)
        self.systems, self.applicants = cycle(PLAN["systems"]), iter(PLAN["applicants"])

    def make(self) -> None:
        """Do every step of the plan at its moment, the oldest first."""
        last = datetime.min.replace(tzinfo=UTC)
        for moment, step in sorted(self._steps(), key=itemgetter(0)):
            last = max(moment, last + timedelta(minutes=1))
            if last > self.until:
                break
            do, by = getattr(self, f"_{step['do']}"), step["by"]
            with clock.at(last):
                do(step, demo.acting(by, "web", IP) if by else visitor("web", IP))

    def _steps(self) -> Iterator[tuple[datetime, Step]]:
        for step in PLAN["plan"]:
            first, last, every = step["weeks"]
            hour, minute = map(int, step["time"].split(":"))
            for week in range(first, last - 1, -every):
                after = timedelta(step.get("day", 0) - 7 * week, hours=hour)
                by_chance = timedelta(minutes=minute + self.chance.randrange(MINUTES))
                # Summer time may begin or end in between: so by the calendar.
                day = clock.day_of(self.monday) + after
                yield clock.first_moment_of(day) + after % DAY + by_chance, step

    def _declare(self, _step: Step, actor: Actor) -> None:
        declarations.make(demo.DECLARED, actor)

    def _new(self, step: Step, actor: Actor) -> list[Panel]:
        """Return panels that are not recorded yet, with the mistake of the step."""
        size = self.chance.randint(*step["rows"])
        brand = self.chance.choice(step["brands"])
        panels = demo.made_up(self.chance, brand, self.count + 1, size)
        if mistake := step.get("mistake"):
            owner = demo.acting(step["of"]) if "of" in step else actor
            return MISTAKES[mistake](panels, self.recorded[owner.account_id][-1][1])
        return panels

    def _note(self, upload_id: int, panels: list[Panel], actor: Actor) -> None:
        self.recorded[actor.account_id].append((upload_id, panels))
        self.count += len(panels)

    def _upload(self, step: Step, actor: Actor) -> None:
        self._send(step, actor, self._new(step, actor))

    def _correct(self, step: Step, actor: Actor) -> None:
        """Upload the rows that were marked as invalid again, with the right names."""
        if panels := self.to_correct.pop(actor.account_id, []):
            self._send(step, actor, panels)

    def _send(self, step: Step, actor: Actor, panels: list[Panel]) -> None:
        name = f"{panels[-1].serial_number[:3].lower()}-{clock.today()}.csv"
        made = demo.send(actor, name, panels, is_wrong="mistake" in step)
        if made is not None:
            self._note(made, panels, actor)

    def _mark(self, step: Step, actor: Actor) -> None:
        """Mark some rows of a recent upload as invalid; with 0 rows, the whole one."""
        recorded = self.recorded[actor.account_id]
        upload_id, panels = self.chance.choice(recorded[-RECENT:])
        number = min(self.chance.randint(*step["rows"]), len(panels)) or len(panels)
        some = self.chance.sample(panels, number)
        selection = selections.listed([each.serial_number for each in some], actor)
        if number == len(panels):
            how = Criteria(upload=upload_id).in_words()
            selection = selection._replace(how=how, upload_id=upload_id)
        invalidations.mark(selection, {"other_reason": "", **step}, actor)
        panels[:] = [each for each in panels if each not in some]
        if not panels:
            recorded.remove((upload_id, panels))
        for field, pattern in step.get("corrected", {}).items():
            self.to_correct[actor.account_id] += [
                each._replace(**{field: pattern.format(getattr(each, field))})
                for each in some
            ]

    def _subscribe(self, step: Step, actor: Actor) -> None:
        answers = {"name": step["name"], "terms": "yes", "terms_version": ""}
        subscriptions.subscribe(answers, actor)

    def _cancel(self, step: Step, actor: Actor) -> None:
        subscriptions.cancel(_subscription(step, actor).id, actor)

    def _call(self, step: Step, actor: Actor) -> None:
        """Upload rows by API, or only check them."""
        panels, only_check = self._new(step, actor), "only_check" in step
        items = [dict(zip(FIELD_OF, panel, strict=True)) for panel in panels]
        query = "?validate-only" if only_check else ""
        client = _client(_subscription(step, actor))
        entry = RequestLogEntry(client, f"POST /serial-numbers{query}")
        entry.item_count, status = len(panels), 200
        entry.outcome = "checked, nothing stored"
        try:
            body = json.dumps({ITEMS: items}).encode()
            done = ledger_api.upload(body, client.actor, only_check=only_check)
            if done.upload_id:
                entry.upload_id, entry.outcome, status = done.upload_id, "recorded", 201
                self._note(done.upload_id, panels, actor)
        except UseCaseError as error:
            entry.outcome = error.errors[0]["code"] if error.errors else LAPSED
            status = error.http_status
        idempotency.complete(entry, status, b"")

    def _search(self, _step: Step, _actor: Actor) -> None:
        look_alikes.search()

    def _apply(self, _step: Step, _actor: Actor) -> None:
        if applicant := next(self.applicants, None):
            if applicant["abn"] not in PLAN["declined"]:
                demo.save_contact(applicant)
            demo.apply(applicant | {"is_waiting": True})

    def _assess(self, _step: Step, actor: Actor) -> None:
        for waiting in applications.waiting():
            if reason := PLAN["declined"].get(waiting.abn):
                applications.decline(waiting.id, {"reason": reason}, actor)
            else:
                applications.approve(waiting.id, actor)

    def _answers(self) -> dict[str, str]:
        """Return the answers about the next system, installed near the present day."""
        choices = next(self.systems)
        system = {name: self.chance.choice(of) for name, of in choices.items()}
        day = clock.today() + timedelta(self.chance.randint(-DAYS, DAYS))
        return system | {"installation_date": day.isoformat()}

    def _calculate(self, step: Step, actor: Actor) -> None:
        actor = replace(actor, channel=step.get("channel", "web"))
        # Batteries earn certificates since July 2025, other systems until 2030.
        with suppress(ValidationError):
            calculations.save(self._answers(), actor)

    def _batch(self, step: Step, actor: Actor) -> None:
        rows = [self._answers() for _ in range(step["rows"])]
        lines = [[row.get(name, "") for name in COLUMNS] for row in rows]
        with suppress(ValidationError):
            data = csv_text([COLUMNS, *lines]).encode()
            batches.save(data, replace(actor, channel="batch"))


def _with_letter(panel: Panel) -> Panel:
    """Return a panel whose serial number has the letter O for a zero."""
    serial = panel.serial_number
    return panel._replace(serial_number=serial[:6] + serial[6:].replace("0", "O", 1))


def _subscription(step: Step, actor: Actor) -> Subscription:
    return next(s for s in subscriptions.mine(actor) if s.name == step["name"])


def _client(subscription: Subscription) -> ApiClient:
    (sealed,) = (k.sealed for k in subscription.keys if k.kind == KeyKind.PRIMARY)
    key = subscriptions.decrypt_key(sealed)
    return require(subscriptions.find_client(key, IP_OF_PROGRAM))
