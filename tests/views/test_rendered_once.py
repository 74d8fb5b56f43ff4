"""Parts of pages that are rendered once: everybody still sees their own page."""

import re

import pytest
from markupsafe import Markup

from spv import demo
from spv.pages import MOST_PARTS
from spv.services.training.clock import STEPS
from tests.people import browser_of

TOKEN = re.compile(r'(?<=name="csrf_token" value=")[^"]+')
CURRENT = re.compile(r'<a href="([^"]*)" aria-current="page">')


def page(client, address):
    """Return a page without the token of its session."""
    return TOKEN.sub("", client.get(address).text)


@pytest.mark.parametrize("address", ["/stc", "/", "/help", "/no-such-page"])
def test_nobody_sees_the_frame_of_somebody_else(demonstration, address):
    user, visitor = (
        browser_of(demonstration, demo.VSP_USER),
        demonstration.test_client(),
    )
    own, seen = page(user, address), page(visitor, address)
    assert ("Sign out</button>" in own, "Sign in</a>" in own) == (True, False)
    assert ("Sign out</button>" in seen, "Sign in</a>" in seen) == (False, True)
    for _ in range(2):
        assert page(user, address) == own
        assert page(demonstration.test_client(), address) == seen


def test_each_page_is_the_current_one_in_its_menu(demonstration):
    client = demonstration.test_client()
    (links,) = re.findall(r'(?s)<ul class="spv-links">(.*?)</ul>', page(client, "/"))
    addresses = re.findall(r'href="(/[^"#]+)"', links)
    assert len(addresses) > 2
    for _ in range(2):
        for address in addresses:
            assert set(CURRENT.findall(client.get(address).text)) == {address}


def test_the_frame_says_that_the_clock_was_moved(demonstration, trainer):
    client = demonstration.test_client()
    before = page(client, "/help")
    assert "Training: today is taken to be" not in before
    seen = {before}
    for step in [*STEPS][:2]:
        trainer.post("/training/clock", {"move": step})
        moved = page(client, "/help")
        assert "Training: today is taken to be" in moved
        assert page(client, "/help") == moved
        seen.add(moved)
    assert len(seen) == 3
    trainer.post("/training/clock", {"move": "back"})
    assert page(client, "/help") == before


def test_the_fields_that_are_kept_are_those_of_the_answers(client):
    for _ in range(2):
        for period in ("1", "5"):
            sent = f"system_type=wind_deemed&calculation_period={period}"
            text = client.get(f"/stc?{sent}").text
            (checked,) = re.findall(r'value="(\w+)"\s+checked', text)
            (selected,) = re.findall(r'value="(\w+)" selected', text)
            assert (checked, selected) == (period, "wind_deemed")


def test_errors_are_not_kept(client):
    wrong = {"system_type": "", "postcode": "2150"}
    for _ in range(2):
        assert "Select the type of system" in client.post("/stc", data=wrong).text
        assert "Select the type of system" not in client.get("/stc").text


def test_few_parts_stay(demonstration):
    """A proxy passes on any path prefix, and each has parts of its own."""
    render_once, made = demonstration.jinja_env.globals["render_once"], []

    def part(number):
        made.append(number)
        return Markup(f"<p>{number}</p>")

    def get(number):
        with demonstration.test_request_context(
            environ_overrides={"SCRIPT_NAME": f"/{number}"}
        ):
            return render_once("part", caller=lambda: part(number))

    for _ in range(2):
        for number in range(3):
            assert get(number) == f"<p>{number}</p>"
    assert made == [0, 1, 2]
    for number in range(MOST_PARTS + 10):
        assert get(number) == f"<p>{number}</p>"
    assert get(0) == "<p>0</p>"
    assert made.count(0) == 2
