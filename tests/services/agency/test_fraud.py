"""Plants of fraud in a ledger, and clean ledgers of the same size: what is named."""

import random

import pytest

from spv.rules.ledger.statements import OTHER, REASONS
from spv.services.agency import desk
from spv.services.ledger import invalidations, look_alikes, selections
from tests.panels import panels_csv, refused, upload

PANELS = 600  # of each of two accounts
KINDS = ("conflicts", "look-alikes", "marked", "other", "refused")


def mark(serials, actor, reason):
    """Mark serial numbers of an account for a reason."""
    other = "Sold." if reason == OTHER else ""
    answers = {"reason": reason, "other_reason": other}
    invalidations.mark(selections.listed(serials, actor), answers, actor)


def work(chance, vsp, other):
    """Two honest accounts: uploads, some mistakes of their own, a few rows marked."""
    for actor, prefix in ((vsp, "EX10"), (other, "EY10")):
        for start in range(1, PANELS, 100):
            upload(panels_csv(100, prefix, start), actor)
        for _ in range(chance.randrange(4)):  # sent again by mistake, or damaged
            refused(panels_csv(chance.randint(1, 9), prefix), actor)
        some = chance.sample(range(300, PANELS), chance.randrange(9))
        serials = [f"{prefix}{number:06}" for number in some]
        for serial in serials:
            reason = chance.choice([each for each in REASONS if each != OTHER])
            mark([serial], actor, reason)


def plant(kind, chance, vsp, other):
    """Let one account do what is fraud."""
    start = chance.randint(1, 200)
    match kind:
        case "conflicts":
            refused(panels_csv(chance.randint(1, 40), "EX10", start), other)
        case "look-alikes":
            upload(panels_csv(chance.randint(1, 40), "EX1O", start), other)
        case "marked":
            some = range(start, start + chance.randint(40, 90))
            mark([f"EY10{n:06}" for n in some], other, "Ineligible panel")
        case "other":
            some = range(start, start + chance.randint(12, 20))
            mark([f"EY10{n:06}" for n in some], other, OTHER)
        case "refused":
            for number in range(chance.randint(10, 15)):
                refused(panels_csv(1, f"BAD{number}"), other)


def named():
    """The kinds of findings on the desk, with their accounts."""
    look_alikes.search()
    return {(each.finding.kind, each.finding.accounts[0]) for each in desk.show().new}


def seeds(count):
    """The seeds of ledgers: one for every change, all of them before a release."""
    later = [pytest.param(seed, marks=pytest.mark.long) for seed in range(1, count)]
    return pytest.mark.parametrize("seed", [0, *later])


@seeds(10)
def test_a_clean_ledger_has_no_false_alarm(demonstration, vsp, other, seed):
    work(random.Random(seed), vsp, other)
    assert named() == set()


@pytest.mark.parametrize("kind", KINDS)
@seeds(2)
def test_a_plant_is_named_and_nothing_else(demonstration, vsp, other, seed, kind):
    chance = random.Random(seed)
    work(chance, vsp, other)
    plant(kind, chance, vsp, other)
    assert named() == {(kind, other.account_id)}
