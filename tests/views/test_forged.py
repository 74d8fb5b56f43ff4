"""Values signed with the secret that everybody knows: refused, never a 500.

The secret of a demonstration is public, so anybody can sign a form's value, a session
cookie or a token with any content.
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
from spv.rules.ledger.statements import MOST_MARKED
from tests.endurance import measured
from tests.panels import panels_csv, upload
from tests.people import acting, browser_of, user_of
from tests.views.ledger_pages import REASON, count_invalidations

DEEP = json.loads("[" * 200 + "]" * 200)
HOW = [["Chosen", "Row by row"]]
# Values that are no list of rows for any user.
ANYTHING = [
    None, True, False, 0, 1, -1, 1.5, 2**80, "", "x", "\0", "\ud800", [], {}, [[]],
    [None], [1], [1, 2], [1, 2, 3, 4], {"row_ids": [1]}, {"0": 1}, DEEP, "1" * 100_000,
    [[], [], []], "[1, [[1], [], null]]",
]  # fmt: skip
# Values that look like a list of rows.
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
    """The application with CSRF tokens, as it is served."""
    demonstration.config["WTF_CSRF_ENABLED"] = True
    return demonstration


def sign_value(app, value):
    """Sign a value of a form as the application does."""
    with app.test_request_context():
        return pages.signed(value)


def bomb():
    """Return a short text that URLSafeSerializer unpacks to a very long list."""
    packed = zlib.compress(b"[" + b"0," * 20_000_000 + b"0]", 9)
    return "." + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def sign_payload(app, payload, salt, **options):
    """Sign a payload with a time, as sessions and CSRF tokens are."""
    serializer = URLSafeTimedSerializer(app.secret_key, salt=salt, **options)
    return serializer.make_signer(salt).sign(payload).decode()


def quick(ask):
    """Return an answer, which must take little processor time."""
    answer, seconds = measured(ask)
    assert seconds < 0.5
    return answer


def test_a_list_of_rows(demonstration):
    """No row is marked, and the answer is that the list has expired."""
    upload(panels_csv(2), acting(demo.VSP_USER))
    browser, own = browser_of(demonstration, demo.VSP_USER), user_of(demo.VSP_USER).id
    other = user_of(demo.OTHER_VSP).id
    good = [[1], HOW, None]
    values = [*ANYTHING, *([own, each] for each in (*ANYTHING, *SELECTIONS)),
              *([who, good] for who in (other, None, str(own), [own]))]  # fmt: skip
    for value in values:
        form = REASON | {"selection": sign_value(demonstration, value)}
        answer = quick(lambda f=form: browser.post("/panels/invalidate", data=f))
        if answer.status_code != 413:  # a form that is too large is not read
            assert answer.status_code == 400, (str(value)[:80], answer.status)
            assert "This list of rows has expired" in answer.text
    assert count_invalidations() == 0


def test_a_list_of_rows_of_other_accounts(demonstration):
    """Although the value has the right shape, only the user's own rows are marked."""
    upload(panels_csv(1), acting(demo.VSP_USER))
    upload(panels_csv(1, "OT"), acting(demo.OTHER_VSP))
    browser, own = browser_of(demonstration, demo.VSP_USER), user_of(demo.VSP_USER).id
    mine, others = row_of("EX000001"), row_of("OT000001")
    for rows in ([others], [mine, others], [2**63 - 1], [mine, mine]):
        value = sign_value(demonstration, [own, [rows, HOW, None]])
        answer = browser.post("/panels/invalidate", data=REASON | {"selection": value})
        assert answer.status_code == 409, rows
    assert count_invalidations() == 0


def test_a_list_of_rows_of_an_upload(demonstration):
    """Only an upload that the user may see can be named as marked."""
    first = upload(panels_csv(1), acting(demo.VSP_USER)).upload_id
    other = upload(panels_csv(1, "OT"), acting(demo.OTHER_VSP)).upload_id
    browser, own = browser_of(demonstration, demo.VSP_USER), user_of(demo.VSP_USER).id
    for number, status in ((other, 400), (first, 303)):
        value = sign_value(demonstration, [own, [[row_of("EX000001")], HOW, number]])
        answer = browser.post("/panels/invalidate", data=REASON | {"selection": value})
        assert answer.status_code == status
    assert count_invalidations() == 1
    assert db.session.query(Invalidation).one().upload_id == first


def row_of(serial):
    """Return the row id of a serial number."""
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
    """It is empty then: the user is a visitor, and forms need a token."""
    cookies = SecureCookieSessionInterface().get_signing_serializer(strict)
    forged = [cookies.dumps(each) for each in SESSIONS]
    # Signed values that are no object, no JSON, or that cannot be decoded.
    tagged = [[], ["ab"], [["a", "b"], 1], 5, "x", None, True]
    forged += [cookies.dumps(each) for each in tagged]
    raw = (b"x", b"{", b'{" d": "x"}', b'{" u": 5}', b'{" b": 5}', b"\xff", b"[" * 9)
    payloads = [base64.urlsafe_b64encode(each).decode() for each in raw]
    payloads += ["", ".", ".x", "é", bomb(), "A" * 9_000]
    forged += [_cookie(strict, payload) for payload in payloads]
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
    """Sign a payload as a session cookie."""
    hashed = SecureCookieSessionInterface
    return sign_payload(
        app, payload, hashed.salt, serializer=TaggedJSONSerializer(),
        signer_kwargs={"key_derivation": hashed.key_derivation,
                       "digest_method": hashed.digest_method},
    )  # fmt: skip


def test_a_token_of_a_form(strict):
    """The session is good, and the token is signed like a real one."""
    tokens = URLSafeTimedSerializer(strict.secret_key, salt="wtf-csrf-token")
    browser = strict.test_client()
    browser.get("/sign-in")
    values = 5, None, True, [], {}, [5], {"a": 1}, 1.5, "é", "x", "", 2**80, DEEP
    forged = [tokens.dumps(each) for each in values]
    forged += [sign_payload(strict, text, "wtf-csrf-token")
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


def test_a_good_session_is_accepted(strict):
    """The checks accept everything that the application itself makes."""
    browser = strict.test_client()
    with browser.session_transaction() as session:
        session["_flashes"] = [("message", "Müller")]
    page = browser.get("/sign-in").text
    assert "Müller" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"email": demo.STAFF, "password": demo.PASSWORD, "csrf_token": token}
    assert browser.post("/sign-in", data=form).status_code == 303
    assert browser.get("/staff/applications").status_code == 200
