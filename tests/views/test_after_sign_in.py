"""The way to the page of the sign-in, and back to the page that the user wanted."""

import pytest

from spv import demo

HTMX = {"HX-Request": "true"}


def test_to_the_sign_in_page_and_back(demonstration):
    client = demonstration.test_client()
    answer = client.get("/account/users?x=1")
    assert answer.location == "/sign-in?next=/account/users?x%3D1"
    form = {"email": demo.GENERAL, "password": demo.PASSWORD}
    assert client.post(answer.location, data=form).location == "/account/users?x=1"


def test_a_fragment_is_not_filled_with_the_sign_in_page(demonstration):
    here = {"HX-Current-URL": "http://localhost/account/users?x=1", **HTMX}
    for method in ("GET", "POST"):
        client = demonstration.test_client()
        answer = client.open("/account/users/new", method=method, headers=here)
        assert (answer.status_code, answer.text) == (401, "")
        assert answer.headers["HX-Redirect"] == "/sign-in?next=/account/users?x%3D1"


@pytest.mark.parametrize("header", ["HX-Current-URL", "Referer"])
def test_the_address_of_the_last_page_may_be_wrong(demonstration, header):
    for headers in ({header: "http://[::1"}, {header: "http://[::1", **HTMX}):
        for method in ("GET", "POST"):
            client = demonstration.test_client()
            answer = client.open("/account/users/new", method=method, headers=headers)
            assert answer.status_code in (303, 401)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
     "javascript:alert(1)", "/\t/evil.example", "evil.example", "", "/%0d%0aX: y"],
)  # fmt: skip
def test_sign_in_leads_nowhere_else(demonstration, elsewhere):
    form = {"email": demo.GENERAL, "password": demo.PASSWORD}
    query = {"next": elsewhere}
    answer = demonstration.test_client().post("/sign-in", query_string=query, data=form)
    assert answer.location in ("/", "/%0d%0aX:%20y")
    assert len(answer.headers.getlist("X")) == 0
