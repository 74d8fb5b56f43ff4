"""Every page in its states, narrow and wide, light and dark: axe finds nothing."""

import pytest

from tests.browser.axe import CHECKED, check
from tests.browser.conftest import NARROW, SIZES, open_page
from tests.browser.states import STATES, show, visitor_of

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.mark.parametrize("words", STATES)
def test_every_state(chromium, past_address, words):
    width, height = SIZES["desktop"]
    wide = {"width": width, "height": height}
    page = open_page(chromium, past_address, wide)
    visitor_of(page, words)
    found = {}
    for name, *steps in STATES[words]:
        page.set_viewport_size(wide)
        show(page, *steps)
        for size, theme in ((wide, "dark"), (NARROW, "light")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            CHECKED.clear()  # here axe looks at every page
            try:
                check(page)
            except AssertionError as error:
                found[name, theme] = error
    page.context.close()
    assert found == {}
