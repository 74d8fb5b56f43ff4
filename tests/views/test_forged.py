"""Values signed with the secret that everybody knows: refused, never a 500.

A demonstration's secret is public, so anybody can sign a form's value, a session cookie
or a token with anything inside.
"""

import base64
import json
import zlib

import pytest
from flask.sessions import SecureCookieSessionInterface, TaggedJSONSerializer
from itsdangerous import URLSafeTimedSerializer
from markupsafe import Markup

from spv import demo, pages
from spv.extensions import db
from spv.models import Invalidation, PanelSerial
from spv.rules.ledger.reasons import MOST_MARKED
from tests.endurance import measured
from tests.panels import panels_csv, upload
from tests.people import acting, browser_of, user_of
from tests.views.ledger_pages import REASON, count_invalidations

DEEP = json.loads("[" * 200 + "]" * 200)
HOW = [["Chosen", "Row by row"]]
# What is no list of rows, whoever it is for.
ANYTHING = [
    None, True, False, 0, 1, -1, 1.5, 2**80, "", "x", "\0", "\ud800", [], {}, [[]],
    [None], [1], [1, 2], [1, 2, 3, 4], {"row_ids": [1]}, {"0": 1}, DEEP, "1" * 100_000,
    [[], [], []], "[1, [[1], [], null]]",
]  # fmt: skip
# The parts of one that could nearly be one.
SELECTIONS = [
    [[], HOW, None], ["12", HOW, None], [{"1": 1}, HOW, None], [["1"], HOW, None],
    [[-1], HOW, None], [[0], HOW, None], [[1.0], HOW, None], [[True], HOW, None],
    [[None], HOW, None], [[[1]], HOW, None], [[2**63], HOW, None],
    [[10**30], HOW, None],
    [[1] * (MOST_MARKED + 1), HOW, None], [list(range(1, 200_000)), HOW, None],
    [[1], None, None], [[1], "x", None], [[1], {"a": "b"}, None], [[1], [["a"]], None],
    [[1], ["ab"], None], [[1], [["a", 1]], None], [[1], [["a", "b", "c"]], None],
    [[1], [["a", "\ud800"]], None], [[1], [["\0", "b"]], None],
    [[1], [[["a"], "b"]], None],
    [[1], [["a", "b" * 10_000]], None], [[1], HOW * 10_000, None], [[1], HOW, "1"],
    [[1], HOW, 0], [[1], HOW, -1], [[1], HOW, 2**31], [[1], HOW, 10**30],
    [[1], HOW, True],
    [[1], HOW, 999_999], [[1], HOW, [1]], [[1], HOW], [[1], HOW, None, None],
]  # fmt: skip


@pytest.fixture
def strict(demonstration):
    """The application as it is served, with the tokens of forms."""
    demonstration.config["WTF_CSRF_ENABLED"] = True
    return demonstration


def sealed(app, value):
    """A value, sealed as the application would."""
    with app.test_request_context():
        return pages.signed(value)


def bomb():
    """Very little that unpacks to a very long list, as URLSafeSerializer packs it."""
    packed = zlib.compress(b"[" + b"0," * 20_000_000 + b"0]", 9)
    return "." + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def signed(app, payload, salt, **options):
    """A payload that is signed with a time, as sessions and tokens of forms are."""
    return (
        URLSafeTimedSerializer(app.secret_key, salt=salt, **options)
        .make_signer(salt)
        .sign(payload)
        .decode()
    )


def quick(ask):
    """The answer, which took little of this machine."""
    answer, seconds = measured(ask)
    assert seconds < 0.5
    return answer


def test_a_list_of_rows(demonstration):
    """Nothing is marked, and the answer is that the list has expired."""
    upload(panels_csv(2), acting(demo.VSP_USER))
    browser, own = browser_of(demonstration, demo.VSP_USER), user_of(demo.VSP_USER).id
    other = user_of(demo.OTHER_VSP).id
    good = [[1], HOW, None]
    values = [*ANYTHING, *([own, each] for each in (*ANYTHING, *SELECTIONS)),
              *([who, good] for who in (other, None, str(own), [own]))]  # fmt: skip
    for value in values:
        form = REASON | {"selection": sealed(demonstration, value)}
        answer = quick(lambda f=form: browser.post("/panels/invalidate", data=f))
        if answer.status_code != 413:  # what is that large is not read at all
            assert answer.status_code == 400, (str(value)[:80], answer.status)
            assert "This list of rows has expired" in answer.text
    assert count_invalidations() == 0


def test_a_list_of_rows_that_is_of_nobody(demonstration):
    """What has the right shape is still only marked where it is one's own."""
    upload(panels_csv(1), acting(demo.VSP_USER))
    upload(panels_csv(1, "OT"), acting(demo.OTHER_VSP))
    browser, own = browser_of(demonstration, demo.VSP_USER), user_of(demo.VSP_USER).id
    mine, others = row_of("EX000001"), row_of("OT000001")
    for rows in ([others], [mine, others], [2**63 - 1], [mine, mine]):
        value = sealed(demonstration, [own, [rows, HOW, None]])
        answer = browser.post("/panels/invalidate", data=REASON | {"selection": value})
        assert answer.status_code == 409, rows
    assert count_invalidations() == 0


def test_a_list_of_rows_of_an_upload(demonstration):
    """Only an upload that one sees can be said to be marked as a whole."""
    first = upload(panels_csv(1), acting(demo.VSP_USER)).upload_id
    other = upload(panels_csv(1, "OT"), acting(demo.OTHER_VSP)).upload_id
    browser, own = browser_of(demonstration, demo.VSP_USER), user_of(demo.VSP_USER).id
    for number, status in ((other, 400), (first, 303)):
        value = sealed(demonstration, [own, [[row_of("EX000001")], HOW, number]])
        answer = browser.post("/panels/invalidate", data=REASON | {"selection": value})
        assert answer.status_code == status
    assert count_invalidations() == 1
    assert db.session.query(Invalidation).one().upload_id == first


def row_of(serial):
    """The row of a serial number."""
    return db.session.query(PanelSerial).filter_by(serial_number=serial).one().id


SESSIONS = [
    *({"_user_id": value} for value in (5, [5], {"a": 1}, None, True, "5", "\ud800",
                                        "é", 1.5, ["a", ["b"]], b"x", ("a", "b"))),
    *({"_flashes": value} for value in (5, "x", [5], ["ab"], [["a", "b"]], [("a",)],
                                        [("a", 5)], [(5, "a")], {"a": "b"}, None,
                                        [("a", "b", "c")], [("m", Markup("<b>"))])),
    *({"csrf_token": value} for value in (5, [5], {"a": 1}, None, "é", b"x", True, "")),
    *({"_fresh": value, "_user_id": "x"} for value in (5, "x", None, [])),
    {"_id": 5, "_user_id": "x"}, {"_remember": "set", "_remember_seconds": "x"},
    {"_remember": "set", "_user_id": "x"}, {"_permanent": "x"}, {"other": DEEP},
]  # fmt: skip


def test_a_session(strict):
    """It is empty then: pages are shown as to a visitor, and forms want a token."""
    cookies = SecureCookieSessionInterface().get_signing_serializer(strict)
    forged = [cookies.dumps(each) for each in SESSIONS]
    # What is signed, and no object; what is no JSON; what cannot be read back.
    tagged = [[], ["ab"], [["a", "b"], 1], 5, "x", None, True]
    forged += [cookies.dumps(each) for each in tagged]
    for raw in (
        b"x",
        b"{",
        b'{" d": "x"}',
        b'{" u": 5}',
        b'{" b": 5}',
        b"\xff",
        b"[" * 9,
    ):
        forged.append(_cookie(strict, base64.urlsafe_b64encode(raw).decode()))
    forged += [
        _cookie(strict, text) for text in ("", ".", ".x", "é", bomb(), "A" * 9_000)
    ]
    assert len(forged) > 30
    form = {"email": demo.STAFF, "password": "x", "csrf_token": "x"}
    for cookie in forged:
        browser = strict.test_client(use_cookies=False)
        sent = {"headers": {"Cookie": f"session={cookie}"}}
        for path, status in (("/sign-in", 200), ("/panels", 303)):
            answer = quick(lambda p=path, b=browser, s=sent: b.get(p, **s))
            assert answer.status_code == status, cookie[:80]
        answer = browser.post("/sign-in", data=form, **sent)
        assert answer.status_code == 400, cookie[:80]


def _cookie(app, payload):
    """A payload, signed as a session cookie."""
    hashed = SecureCookieSessionInterface
    return signed(
        app, payload, hashed.salt, serializer=TaggedJSONSerializer(),
        signer_kwargs={"key_derivation": hashed.key_derivation,
                       "digest_method": hashed.digest_method},
    )  # fmt: skip


def test_a_token_of_a_form(strict):
    """With a good session, and a token that is signed as they are."""
    tokens = URLSafeTimedSerializer(strict.secret_key, salt="wtf-csrf-token")
    browser = strict.test_client()
    browser.get("/sign-in")
    values = 5, None, True, [], {}, [5], {"a": 1}, 1.5, "é", "x", "", 2**80, DEEP
    forged = [tokens.dumps(each) for each in values]
    forged += [signed(strict, text, "wtf-csrf-token")
               for text in ("", ".", "x", "é", ".x", bomb())]  # fmt: skip
    form = {"email": demo.STAFF, "password": demo.PASSWORD}
    for token in forged:
        for sent in ({"data": form | {"csrf_token": token}},
                     {"data": form | {"a-csrf_token": token}},
                     {"data": form, "headers": {"X-CSRFToken": token}}):  # fmt: skip
            if not token.isascii() and "headers" in sent:
                continue
            answer = quick(lambda s=sent: browser.post("/sign-in", **s))
            assert answer.status_code == 400, token[:80]
            assert "This form has expired" in answer.text


def test_a_good_session_goes_on(strict):
    """The checks let through what the application makes itself."""
    browser = strict.test_client()
    with browser.session_transaction() as session:
        session["_flashes"] = [("message", "Müller")]
    page = browser.get("/sign-in").text
    assert "Müller" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"email": demo.STAFF, "password": demo.PASSWORD, "csrf_token": token}
    assert browser.post("/sign-in", data=form).status_code == 303
    assert browser.get("/staff/applications").status_code == 200
