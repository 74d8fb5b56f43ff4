"""Calculate certificates: answer, save and log in one transaction; show it again."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import StcCalculation
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.formatting import pluralise
from spv.rules.stc.calculation import Calculation, calculate, what_waiting_costs
from spv.rules.stc.figures import RULES_VERSION, value_on
from spv.rules.stc.installation import Installation, read_installation, read_price
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    NUMBERS,
    PERIODS,
    SYSTEM_TYPES,
    SystemType,
)
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.stc import visitor_quota

# certificates, zone, rating, deeming_years and years of a result, as they are saved.
Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What certificates may be worth, in dollars; `problem` names a refused price."""

    certificates: int
    price: Decimal
    ceiling: Decimal
    problem: str = ""

    @property
    def dollars(self) -> Decimal:
        """The certificates at the price."""
        return self.certificates * self.price


@dataclass(frozen=True, slots=True)
class Result:
    """A saved calculation with all that a page or a program is told about it.

    `numbers` are those that were saved; `calculation` is worked out anew from the saved
    inputs. They differ only if a rule was corrected since.
    """

    reference: str
    numbers: Numbers
    calculated_at: datetime
    rules_version: str
    installation: Installation
    calculation: Calculation
    estimate: Estimate
    by_year: dict[int, int]

    @property
    def headline(self) -> str:
        """The certificates in words: 1 STC, 45 STCs."""
        return pluralise(self.numbers["certificates"], "STC")

    @property
    def corrected(self) -> bool:
        """Whether today's rules give other numbers than those that were saved."""
        return self.numbers != numbers_of(self.calculation)

    @property
    def rules_date(self) -> date:
        """The day as of which the rules were read."""
        return date.fromisoformat(self.rules_version)

    @property
    def system_type(self) -> str:
        """The system type in the scheme's words."""
        return SYSTEM_TYPES[self.installation.system_type]

    @property
    def period(self) -> str:
        """The calculation period in the scheme's words; empty where there is none."""
        return PERIODS.get(self.installation.calculation_period, "")

    @property
    def answers(self) -> dict[str, str]:
        """The answers that it was made from, to begin another with."""
        return self.installation.answers()


def suggested_answers() -> dict[str, str]:
    """The answers that an empty form starts with: installed today."""
    return {"installation_date": clock.today().isoformat()}


def save(answers: Mapping[str, str], actor: Actor) -> str:
    """Calculate, save and log; the reference of the result.

    ValidationError, QuotaError.
    """
    installation = read_installation(answers)
    at = clock.now()
    inputs = installation.answers()
    result = numbers_of(calculate(installation, clock.day_of(at)))
    reference = new_reference()
    details = {
        "reference": reference,
        "inputs": inputs,
        "result": result,
        "rules_version": RULES_VERSION,
    }
    row = row_of(inputs, result, actor, at) | {"reference": reference}
    with transaction():
        db.session.add(StcCalculation(**row))
        visitor_quota.claim(1, actor, at)
        audit_log.record(audit_log.STC, "stc.calculated", actor, at, details)
    return reference


def show(reference: str, price: str = "") -> Result:
    """A saved calculation, at another price if one is given; NotFoundError.

    A price that cannot be used is left aside, and the estimate says why.
    """
    saved = db.session.scalar(
        select(StcCalculation).where(StcCalculation.reference == reference)
    )
    if saved is None:
        raise NotFoundError
    installation = installation_of(saved)
    today = clock.day_of(saved.calculated_at)
    return Result(
        reference=reference,
        numbers=saved_numbers(saved),
        calculated_at=saved.calculated_at,
        rules_version=saved.rules_version,
        installation=installation,
        calculation=calculate(installation, today),
        estimate=_estimate(saved.certificates, installation, price),
        by_year=what_waiting_costs(installation, today),
    )


def _estimate(certificates: int, installation: Installation, price: str) -> Estimate:
    day = installation.installation_date
    ceiling: Decimal = value_on("clearing_house_price", day)
    chosen = installation.stc_price or ceiling
    if not price.strip():
        return Estimate(certificates, chosen, ceiling)
    try:
        return Estimate(certificates, read_price(price, day), ceiling)
    except ValidationError as refusal:
        return Estimate(certificates, chosen, ceiling, str(refusal))


def numbers_of(calculation: Calculation) -> Numbers:
    """The numbers of a result, as they are saved, logged and compared."""
    rating = calculation.rating
    return {
        "certificates": calculation.certificates,
        "zone": calculation.zone,
        "rating": None if rating is None else str(rating),
        "deeming_years": calculation.deeming_years,
        "years": calculation.years,
    }


def saved_numbers(saved: StcCalculation) -> Numbers:
    """The numbers of a saved result."""
    names = ("certificates", "zone", "rating", "deeming_years", "years")
    return {name: getattr(saved, name) for name in names}


def row_of(
    inputs: dict[str, str], result: Numbers, actor: Actor, at: datetime
) -> dict[str, Any]:
    """The columns of a saved calculation."""
    return {
        **inputs,
        **result,
        "installation_date": date.fromisoformat(inputs["installation_date"]),
        "rules_version": RULES_VERSION,
        "actor": actor.name,
        "channel": actor.channel,
        "calculated_at": at,
    }


def installation_of(saved: StcCalculation) -> Installation:
    """The installation that a saved calculation was about.

    The rules do not read it again: what they took once is shown, even if refused now.
    """
    inputs: dict[str, Any] = inputs_of(saved)
    inputs["system_type"] = SystemType(saved.system_type)
    inputs["installation_date"] = saved.installation_date
    for name in NUMBERS & inputs.keys():
        inputs[name] = Decimal(inputs[name])
    return Installation(**inputs)


def inputs_of(saved: StcCalculation) -> dict[str, str]:
    """The answers that a saved calculation was made from."""
    named = {name: getattr(saved, name) for name in ALL_FIELDS}
    return {name: str(value) for name, value in named.items() if value}


def new_reference() -> str:
    """16 characters that nobody can guess."""
    return secrets.token_urlsafe(12)
