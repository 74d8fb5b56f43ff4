"""Calculate certificates: save and log them in one transaction; show them again."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import select

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import StcCalculation
from spv.rules.errors import ValidationError
from spv.rules.stc import figures, system_types
from spv.rules.stc.figures import RULES_VERSION
from spv.rules.stc.installation import Calculation, Installation, Stage
from spv.rules.stc.system_types import SystemType
from spv.rules.stc.systems import SYSTEMS, read_installation
from spv.rules.text import pluralise
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import require
from spv.services.stc import visitor_quota

RESULT = ("certificates", "zone", "rating", "deeming_years", "years")
Numbers = dict[str, Any]  # by the names of `RESULT`


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of certificates in dollars; `problem` says why a price is refused."""

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
    """A saved calculation, for its page or the API.

    `calculation` is made anew from the saved answers; it differs from what was saved
    only if a rule was corrected since. `newest_figure` is the day from which the newest
    figure in force applied. Every figure had been checked by `last_checked`.
    """

    saved: StcCalculation
    installation: Installation
    calculation: Calculation
    estimate: Estimate
    stages: list[Stage]
    too_late: str
    newest_figure: date
    solar: "Result | None" = None

    last_checked: ClassVar[date] = figures.LAST_CHECKED

    @property
    def headline(self) -> str:
        """The total of certificates, or that none can be created any more."""
        if self.none_left:
            return self.too_late.partition(":")[0]
        return pluralise(self.estimate.certificates, "STC")

    @property
    def none_left(self) -> bool:
        """True if certificates can no longer be created for any of the systems."""
        return bool(self.too_late and (self.solar is None or self.solar.too_late))

    @property
    def warnings(self) -> list[str]:
        """The warnings beside the headline."""
        return [each for each in self.calculation.warnings if each != self.too_late]

    @property
    def announced(self) -> figures.Announcement | None:
        """The announced change that touches this system, if no warning mentions it."""
        system, day = self.installation, self.installation.installation_date
        found = figures.announced_for(system.system_type, day, None)
        is_warned = found and any(found.sentence in each for each in self.warnings)
        return None if is_warned else found

    @property
    def corrected(self) -> bool:
        """True if today's rules give other numbers than those that were saved."""
        return numbers_of(self.saved) != numbers_of(self.calculation)

    @property
    def system_type(self) -> str:
        """The system type in the scheme's words."""
        return system_types.SYSTEM_TYPES[self.installation.system_type]

    @property
    def period(self) -> str:
        """The calculation period in the scheme's words; empty where there is none."""
        return system_types.PERIODS.get(self.saved.calculation_period or "", "")

    @property
    def battery_answers(self) -> dict[str, str]:
        """The answers that prefill the form when a battery is added to this result."""
        if self.too_late or self.installation.system_type is not SystemType.SOLAR:
            return {}
        return {
            "with": self.saved.reference or "",
            "system_type": SystemType.BATTERY.value,
            "installation_date": self.installation.installation_date.isoformat(),
            "stc_price": str(self.estimate.price),
        }


def suggested_answers() -> dict[str, str]:
    """Return the answers of an empty form: today, and the longest period."""
    today = clock.today().isoformat()
    return {"installation_date": today, "calculation_period": "max"}


def save(answers: Mapping[str, str], actor: Actor, solar_reference: str = "") -> str:
    """Calculate, save and log one system; return the reference of the result.

    A battery is shown with the saved solar calculation of `solar_reference`, if that is
    given. Raises ValidationError if an answer is wrong or there is no such calculation,
    and QuotaError for a visitor who has saved too many rows.
    """
    installation = read_installation(answers)
    if installation.system_type is not SystemType.BATTERY:
        solar_reference = ""
    if solar_reference and not is_solar(solar_reference):
        sentence = "The solar result for this battery was not found. Calculate again "
        raise ValidationError({"system_type": sentence + "for the battery alone."})
    at = clock.now()
    inputs = installation.answers()
    result = numbers_of(installation.calculate(clock.today(at)))
    references = {"reference": new_reference()}
    if solar_reference:
        references["solar_reference"] = solar_reference
    details = {"inputs": inputs, "result": result, "rules_version": RULES_VERSION}
    details |= references
    with transaction():
        row = row_of(inputs, result, actor, at) | references
        db.session.add(StcCalculation(**row))
        visitor_quota.claim(1, actor, at)
        audit_log.record(audit_log.STC, "stc.calculated", actor, at, details)
    return references["reference"]


def show(reference: str, price: str = "") -> Result:
    """Return a saved calculation, perhaps at another price. Raises NotFoundError."""
    query = select(StcCalculation).where(StcCalculation.reference == reference)
    saved = require(db.session.scalar(query))
    solar = show(saved.solar_reference) if saved.solar_reference else None
    installation = installation_of(system_types.answers_of(saved))
    today = clock.today(saved.calculated_at)
    too_late = figures.too_late_to_create(installation.installation_date, clock.today())
    certificates = 0 if too_late else saved.certificates
    if solar and not solar.too_late:
        certificates += solar.saved.certificates
    estimate = _estimate(certificates, installation, price)
    return Result(
        saved=saved, installation=installation, estimate=estimate, too_late=too_late,
        calculation=installation.calculate(today), stages=installation.stages(today),
        newest_figure=figures.newest_on(today), solar=solar,
    )  # fmt: skip


def is_solar(reference: str) -> bool:
    """Tell whether a reference is that of a saved solar calculation."""
    if not reference.isprintable():  # PostgreSQL takes no NUL
        return False
    query = select(StcCalculation.system_type).filter_by(reference=reference)
    return db.session.scalar(query) == SystemType.SOLAR


def _estimate(certificates: int, installation: Installation, price: str) -> Estimate:
    day = installation.installation_date
    ceiling: Decimal = figures.value_on("clearing_house_price", day)
    chosen, problem = installation.stc_price or ceiling, ""
    try:
        chosen = installation.read_price(price) if price.strip() else chosen
    except ValueError as error:
        problem = str(error)
    return Estimate(certificates, chosen, ceiling, problem)


def numbers_of(result: Calculation | StcCalculation) -> Numbers:
    """Return the numbers of a result as they are saved, logged and compared."""
    numbers = {name: getattr(result, name) for name in RESULT}
    if result.rating is not None:
        numbers["rating"] = str(result.rating)
    return numbers


def row_of(
    inputs: dict[str, str], result: Numbers, actor: Actor, at: datetime
) -> dict[str, Any]:
    """Return the columns of a calculation, with None for each missing answer."""
    day = date.fromisoformat(inputs["installation_date"])
    return dict.fromkeys(system_types.ALL_FIELDS) | inputs | result | {
        "installation_date": day, "rules_version": RULES_VERSION, "actor": actor.name,
        "channel": actor.channel, "calculated_at": at,
    }  # fmt: skip


def installation_of(answers: Mapping[str, str]) -> Installation:
    """Return the installation of saved answers, even if the rules refuse it now."""
    values: dict[str, Any] = dict(answers)
    system = SYSTEMS[SystemType(values.pop("system_type"))]
    values["installation_date"] = date.fromisoformat(values["installation_date"])
    for name in system_types.NUMBERS & values.keys():
        values[name] = Decimal(values[name])
    return system(**values)


def new_reference() -> str:
    """Return 16 random characters that nobody can guess."""
    return secrets.token_urlsafe(12)
