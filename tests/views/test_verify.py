"""Receipts prove their event, and everybody can check them on a page."""

import io
import json
import re

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.services import receipts
from tests.panels import panels_csv, upload
from tests.people import acting, browser_of
from tests.receipts import KINDS, code_of, files_of, keys, made_calculation, made_upload
from tests.services.test_audit_log import tamper
from tests.views.page import read

HTMX = {"HX-Request": "true"}
HOLDS = "The proof holds"
MANY_HASHES = "c2sp.org/tlog-proof@v1\nindex 0" + "\nAAAA" * 9_999


@pytest.fixture
def user(demonstration):
    """The browser of a user of a VSP account."""
    return browser_of(demonstration, demo.VSP_USER)


def post(client, headers=None, **form):
    return client.post("/verify", data=form, headers=headers)


@pytest.mark.every_database
@pytest.mark.parametrize("kind", KINDS)
def test_a_receipt_offers_its_proof(user, client, kind):
    """On its page, and to everybody who has its address."""
    receipt = KINDS[kind]()
    page = read(user.get(receipt.page))
    address = f"http://localhost/verify/{receipt.code}"
    assert page.text.count(address) == 2  # folded, and for the print
    drawings = page.all("svg", **{"class": "segno"})
    assert len(drawings) == 2
    assert [node.attributes["width"] for node in drawings] == ["123", "82"]
    for words, ending, kind_of_file in (
        ("Download the event", ".json", "application/json"),
        ("Download the proof", ".tlog-proof", "text/plain"),
    ):
        answer = client.get(page.link(words))
        assert (answer.status_code, answer.mimetype) == (200, kind_of_file)
        named = answer.headers["Content-Disposition"]
        assert named == f"attachment; filename={receipt.file}{ending}"
    shown = read(client.get(f"/verify/{receipt.code}"))
    assert HOLDS in shown.text
    assert "This is the word of the server that made the receipt." in shown.text
    assert shown.links("Download the proof") == page.links("Download the proof")


def test_the_words_of_a_receipt(user, client):
    receipt = made_upload()
    text = read(client.get(f"/verify/{receipt.code}")).text
    assert re.search(r"Upload \d+: 3 rows recorded, \d+ \w+ \d{4}, \d\d:\d\d AE", text)
    assert re.search(r"SHA-256 of the rows [0-9a-f]{64}", text)
    assert re.search(r"Event \d+ of the registry", text)
    text = read(client.get(f"/verify/{made_calculation().code}")).text
    assert "STCs calculated, " in text
    assert "SGU – Solar (deemed)" in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_receipt_tells_of_nobody(demonstration, client, kind):
    """No person, email or network address, and no account; not in the page either."""
    receipt = KINDS[kind]()
    event, proof = files_of(receipt)
    query = sa.text(
        "SELECT email, name FROM users UNION SELECT legal_name, abn FROM accounts "
        "UNION SELECT actor, phone FROM audit_events, accounts"
    )
    private = {each for row in db.session.execute(query) for each in row if each}
    assert demo.VSP_USER in private
    page = client.get(f"/verify/{receipt.code}").text
    for text in (event, proof, page):
        assert not [each for each in private if each in text]
    assert json.loads(event).keys() == {
        "at", "chain", "channel", "event", "facts", "format", "key", "previous", "seal",
        "sequence",
    }  # fmt: skip
    assert not re.search(r"\b\d+\.\d+\.\d+\.\d+\b|@(?!v1\n)", event + proof)


def test_receipts_of_another_account_stay_its_own(demonstration):
    """The page is not found; the address of the proof tells of rows, and of nobody."""
    stranger = browser_of(demonstration, demo.SUPPLIER)
    for kind in ("upload", "invalidation"):
        receipt = KINDS[kind]()
        assert stranger.get(receipt.page).status_code == 404
        assert "Verification" not in stranger.get(f"/verify/{receipt.code}").text


def test_wrong_codes(client, demonstration):
    code = made_upload().code
    number, seal = code[1:].split("-")
    other = "0" if seal[-1] != "0" else "1"
    for wrong in (
        f"r{number}-{seal[:-1]}{other}", f"s{number}-{seal}", f"x{number}-{seal}",
        f"r0{number}-{seal}", f"r{int(number) + 1}-{seal}", f"r{number}", "r-", "r0-",
        f"r{number}-{seal.upper()}x", f"r{'9' * 30}-{seal}", f"r{'9' * 9}-{seal}",
        f"{code}x", "\u0661", "a" * 5000, "None-",
    ):  # fmt: skip
        for ending in ("", "/event", "/proof"):
            assert client.get(f"/verify/{wrong}{ending}").status_code == 404, wrong


def test_a_receipt_of_before_proofs(user, client):
    receipts_of_then = [made_upload(), made_calculation()]
    tamper("UPDATE audit_events SET format = 1, seal = NULL, key_id = NULL")
    for receipt in receipts_of_then:
        page = read(user.get(receipt.page))
        words = (
            "This was recorded before November 2026, when the log had no proofs yet."
        )
        assert page.text.count(words) == 2
        assert not page.all("svg", **{"class": "segno"})
        assert page.links("Download the event") == []
        assert client.get(f"/verify/{receipt.code}").status_code == 404


def test_a_calculation_without_its_event_is_still_shown(client, demonstration):
    receipt = made_calculation()
    tamper("DELETE FROM audit_subjects")
    tamper("DELETE FROM audit_events")
    page = read(client.get(receipt.page))
    assert "Proof" not in page.content.text


def test_the_form(client, demonstration):
    """Pasted or chosen, with HTMX and without JavaScript."""
    event, proof = files_of(made_upload())
    pasted = proof.replace("\n", "\r\n")
    for headers in (None, HTMX):
        page = read(post(client, headers, event=f"{event}\r\n", proof=pasted))
        assert HOLDS in page.text
        files = {
            "event_file": (io.BytesIO(event.encode()), "upload.json"),
            "proof_file": (io.BytesIO(b"\xef\xbb\xbf" + proof.encode()), "x"),
        }
        assert HOLDS in read(post(client, headers, **files)).text
    page = read(client.get("/verify"))
    assert page.fields() == {
        "event", "event_file", "proof", "proof_file", "checkpoint"
    }  # fmt: skip
    (form,) = (f for f in page.all("form") if f.attributes["action"] == "/verify")
    assert form.attributes["enctype"] == "multipart/form-data"


def test_what_does_not_hold(client, demonstration):
    event, proof = files_of(made_upload())
    other = files_of(made_calculation())
    for form, reason in (
        ({"event": event.replace("3", "4"), "proof": proof}, "do not lead from this"),
        ({"event": event, "proof": other[1]}, "do not lead from this event"),
        ({"event": event[:-1], "proof": proof}, "The event is not JSON"),
        ({"event": event, "proof": proof[:-9]}, "signature of the checkpoint is wrong"),
        ({"event": event, "proof": "<script>"}, "This is not a proof"),
        ({"event": "[" * 20_000, "proof": proof}, "The event is not JSON"),
        ({"event": "\0\ufffe", "proof": "\0\n\n\n\n—"}, "This is not a proof"),
        ({"event": "x" * 200_000, "proof": "y"}, "longer than 100,000 characters"),
        ({"event": event, "proof": MANY_HASHES}, "not a signed note"),
    ):  # fmt: skip
        answer = post(client, **form)
        page = read(answer)
        assert answer.status_code == 200
        assert HOLDS not in page.text
        assert "The proof does not hold." in page.text
        assert reason in page.text, (form, page.text)
    huge = {"event_file": (io.BytesIO(b"1" * 300_000), "x"), "proof": proof}
    assert "longer than 100,000 characters" in post(client, **huge).text


def test_something_is_missing(client, demonstration):
    for form, names in (
        ({}, ["event", "proof"]), ({"event": " ", "proof": "x"}, ["event"]),
        ({"event": "x", "checkpoint": "x"}, ["proof"]),
    ):  # fmt: skip
        answer = post(client, **form)
        page = read(answer)
        assert answer.status_code == 422
        assert page.problems() == [
            (f"#{n}", f"Paste or choose the {n}.") for n in names
        ]


def test_a_proof_is_pasted_or_a_file_but_not_both(client, demonstration):
    both = {"event": "{}", "proof": "p", "proof_file": (io.BytesIO(b"q"), "p.txt")}
    answer = client.post("/verify", data=both)
    assert answer.status_code == 422
    assert "only one of them can be used" in read(answer).error_beside("proof_file")


def test_an_older_checkpoint(client, demonstration):
    _, older = files_of(made_upload())
    upload(panels_csv(2, "MORE"), acting(demo.VSP_USER))
    for text in (older, older.partition("\n\n")[2].replace("\n", "\r\n")):
        page = read(post(client, checkpoint=text))
        assert "Today’s log continues this checkpoint" in page.text
        answer = client.post("/verify", data=page.hidden())
        assert answer.headers["Content-Disposition"].endswith("=consistency.txt")
        assert answer.text.startswith("old ")
        assert code_of("registry")[1:].split("-")[0] in answer.text.split("\n")
    for text, reason in (
        ("x", "not a signed note"), ("y" * 200_000, "longer than"),
        (older[:-9], "signature of the checkpoint"),
        ("c2sp.org/tlog-proof@v1", "not a proof"),
    ):  # fmt: skip
        answer = post(client, checkpoint=text)
        assert answer.status_code == 422
        assert reason in read(answer).error_beside("checkpoint")
        assert post(client, checkpoint=text, download="yes").status_code == 422


def test_a_log_that_does_not_continue_it(client, demonstration):
    _, older = files_of(made_upload())
    tamper(
        "UPDATE audit_events SET hash = previous_hash WHERE sequence = 2",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_chains SET sequence = sequence + 1 WHERE name = 'registry'",
        "INSERT INTO audit_events SELECT NULL, chain, sequence + 1, at, event, actor, "
        "channel, details, previous_hash, hash, format, key_id, seal FROM audit_events "
        "WHERE chain = 'registry' ORDER BY sequence DESC LIMIT 1",
    )
    page = read(post(client, checkpoint=older))
    assert "Today’s log does not continue this checkpoint." in page.text
    assert post(client, checkpoint=older, download="yes").status_code == 409


def test_the_keys(client, demonstration):
    answer = client.get("/verify/key")
    assert (answer.mimetype, answer.text) == ("text/plain", keys())
    page = read(client.get("/verify"))
    shown = page.all("pre", **{"class": "spv-pre"})[-1].text
    assert shown.split() == keys().split()
    assert "The answer is the word of our own server." in page.text


@pytest.mark.parametrize("ending", ["", "/proof"])
def test_a_log_that_gives_no_proof(client, demonstration, tmp_path, ending):
    """A page says why, and never that something went wrong."""

    def refused():
        answer = client.get(f"/verify/{code}{ending}")
        assert answer.status_code == 409
        return read(answer).text

    code = made_upload().code
    demonstration.config["SPV_CHECKPOINTS"] = str(tmp_path)  # not a file
    assert "The log gives no proof at the moment: " in refused()
    demonstration.config["SPV_CHECKPOINTS"] = ""
    files_of(made_upload())
    number = code[1:].split("-")[0]
    tamper(f"UPDATE audit_events SET hash = previous_hash WHERE sequence = {number}")
    assert re.search("not the one that was signed|log was changed", refused())
    tamper("UPDATE audit_checkpoints SET note = 'x'")
    assert "The log gives no proof at the moment: " in refused()


def test_an_event_that_was_changed(client, demonstration):
    code = made_upload().code
    receipts.files(code)
    tamper(f"UPDATE audit_events SET at = '2026-01-02' WHERE seal LIKE '{code[-16:]}%'")
    answer = client.get(f"/verify/{code}")
    assert answer.status_code == 409
    assert "The registry log was changed after event" in answer.text
    tamper(f"UPDATE audit_events SET details = '' WHERE seal LIKE '{code[-16:]}%'")
    for ending in ("", "/event", "/proof"):
        assert client.get(f"/verify/{code}{ending}").status_code == 409
