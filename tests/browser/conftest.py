"""Chromium, on the application as it is served."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.server import demonstration_with_past, serve
from tests.webkit import SECONDS

# The shell is Chromium without its windows, and takes a quarter of the processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
         "google-chrome-stable")  # fmt: skip
BROWSER = os.environ.get("SPV_BROWSER") or next(
    filter(None, map(shutil.which, NAMES)), ""
)
SIZES = {"desktop": (1280, 900), "phone": (375, 700)}
NARROW = {"width": 320, "height": 640}
expect.set_options(timeout=1000 * SECONDS)


def pytest_collection_modifyitems(items):
    """Skip tests with a reason if there is no Chromium and none is required."""
    if BROWSER:
        return
    if os.environ.get("SPV_REQUIRE_BROWSER") == "1":
        raise pytest.UsageError("SPV_REQUIRE_BROWSER is set, but there is no Chromium.")
    reason = "no Chromium: apt-get install chromium-headless-shell, or set SPV_BROWSER"
    for item in items:
        if "tests/browser" in str(item.path) and "browser" not in item.fixturenames:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def address(sqlite_template_people, tmp_path_factory):
    """Serve a demonstration on its own database; return its address."""
    path = tmp_path_factory.mktemp("served") / "spv.sqlite"
    shutil.copy(sqlite_template_people, path)
    with serve(f"sqlite:///{path}") as (address, _process):
        yield address


@pytest.fixture(scope="session")
def past_server(tmp_path_factory):
    """Serve a demonstration with its past; return its address and its database."""
    url = demonstration_with_past(tmp_path_factory.mktemp("past"))
    with serve(url) as (address, _process):
        yield address, url


@pytest.fixture(scope="session")
def past_address(past_server):
    """Return the address of a demonstration with its past."""
    return past_server[0]


def launch(playwright):
    """Start Chromium."""
    arguments = ["--disable-quic", "--disable-background-networking"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return playwright.chromium.launch(executable_path=BROWSER, args=arguments)


@pytest.fixture(scope="session")
def chromium():
    """Return one browser for all tests of a worker."""
    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@pytest.fixture(params=["desktop", pytest.param("phone", marks=pytest.mark.long)])
def size(request):
    """Return the size of a desktop; in `make test-long` of a phone as well.

    `test_every_page.py` opens every page on a phone in `make test`.
    """
    width, height = SIZES[request.param]
    return {"width": width, "height": height}


def open_page(chromium, address, size, **options):
    """Open a page that collects the complaints of the browser.

    It is in Sydney, so that the tests do the same at every hour.
    """
    zone = {"timezone_id": "Australia/Sydney"}
    context = chromium.new_context(
        viewport=size, base_url=address, locale="en-AU", **zone | options
    )
    page = context.new_page()
    page.complaints, page.spv_address, page.spv_options = [], address, options

    def on_console(message):
        # Chromium logs a 422 as an error; it is the right answer to a wrong form.
        if (
            message.type in ("error", "warning")
            and "(UNPROCESSABLE" not in message.text
        ):
            page.complaints.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


@pytest.fixture
def page(chromium, address, size):
    """Return a page with JavaScript; the test fails if the browser complains."""
    page = open_page(chromium, address, size)
    yield page
    assert page.complaints == []
    page.context.close()


@pytest.fixture
def plain_page(chromium, address, size):
    """Return a page without JavaScript."""
    page = open_page(chromium, address, size, java_script_enabled=False)
    yield page
    assert page.complaints == []
    page.context.close()


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.long)],
                ids=["scripts", "plain"])  # fmt: skip
def any_page(chromium, address, size, request):
    """Return a page with JavaScript; in `make test-long` one without it as well."""
    page = open_page(chromium, address, size, java_script_enabled=request.param)
    yield page
    assert page.complaints == []
    page.context.close()


@pytest.fixture
def other(any_page, chromium, address, size):
    """Return a page like `any_page`, in the browser of another person."""
    page = open_page(chromium, address, size, **any_page.spv_options)
    yield page
    assert page.complaints == []
    page.context.close()
