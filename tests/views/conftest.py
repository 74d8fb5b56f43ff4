"""Browsers of people who have signed in."""

import pytest

from spv import demo
from tests.panels import panels_csv, upload
from tests.people import acting, browser_of
from tests.trainees import Trainer, sender


@pytest.fixture
def sixty(demonstration):
    """The browser of a user of a VSP account, which has uploaded EX000001 to 60."""
    upload(panels_csv(60), acting(demo.VSP_USER))
    return browser_of(demonstration, demo.VSP_USER)


@pytest.fixture
def staff(demonstration):
    """The browser of agency staff."""
    return browser_of(demonstration, demo.STAFF)


@pytest.fixture
def trainer(staff):
    """Agency staff who open a class."""
    return Trainer(sender(staff))
