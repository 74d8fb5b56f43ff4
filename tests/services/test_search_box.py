"""The search box: what each kind of user finds, and by which indexes."""

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import RefusedUpload
from spv.rules.stc.batch import template_text
from spv.services import search_box
from spv.services.ledger import invalidations, uploads
from spv.services.search_box import MOST, Kind
from spv.services.stc import batches, calculations
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, refused, upload
from tests.people import WEB, acting
from tests.plans import scans, statements

pytestmark = pytest.mark.every_database
VISITOR = WEB
HOSTILE = (
    "", " ", "\0", "\ud800", "'; DROP TABLE uploads --", "%", "_", "\\", "\u0131",
    "<script>", "9" * 9, "9" * 5000, "x" * 10**6, "upload 0", "~", "(", "\u200b",
    "{{7*7}}", "upload 999999999", "invalidation 999999999",
)  # fmt: skip


def names(text, actor):
    """The names of what is found, by kind."""
    found = search_box.find(text, actor).groups
    return {group.kind: [hit.name for hit in group.hits] for group in found}


@pytest.fixture
def staff(demonstration):
    """Agency staff."""
    return acting(demo.STAFF)


def test_serial_numbers_whole_or_their_beginning(vsp):
    upload(panels_csv(3), vsp)
    upload(panels_csv(1, "EX000001-"), vsp)
    assert names("ex000001", vsp) == {Kind.SERIAL: ["EX000001"]}
    assert names("S/N: EX000001", vsp) == {Kind.SERIAL: ["EX000001"]}
    begin = ["EX000001", "EX000001-000001", "EX000002", "EX000003"]
    assert names("EX00000", vsp) == {Kind.SERIAL: begin}
    assert names("EX000004", vsp) == {}


def test_a_serial_number_that_was_recorded_again_is_one_hit(vsp):
    for _ in range(2):
        upload(panels_csv(1), vsp)
        mark(["EX000001"], vsp)
    (group,) = search_box.find("EX", vsp).groups
    assert [hit.about[:8] for hit in group.hits] == ["Invalid,"]
    upload(panels_csv(1), vsp)
    kind, hit = search_box.find("EX", vsp).only
    assert (kind, hit.name, hit.about[:6]) == (Kind.SERIAL, "EX000001", "Valid,")


def test_at_most_twenty_of_a_kind(vsp):
    upload(panels_csv(MOST), vsp)
    (group,) = search_box.find("EX", vsp).groups
    assert (len(group.hits), group.has_more) == (MOST, False)
    upload(panels_csv(1, start=MOST + 1), vsp)
    (group,) = search_box.find("EX", vsp).groups
    assert (len(group.hits), group.has_more) == (MOST, True)
    for _ in range(2):
        mark([f"EX{n:06}" for n in range(1, MOST + 1)], vsp)
        upload(panels_csv(MOST), vsp)
    (group,) = search_box.find("EX", vsp).groups
    assert group.has_more
    assert {hit.about[:6] for hit in group.hits} == {"Valid,"}


def test_numbers(vsp, staff):
    number = upload(panels_csv(2), vsp).upload_id
    made = mark(["EX000001"], vsp)
    for actor in (vsp, acting(demo.VSP_ADMIN), staff):
        assert names(f"upload {number}", actor) == {Kind.UPLOAD: [f"Upload {number}"]}
        marked = {Kind.INVALIDATION: [f"Invalidation {made}"]}
        assert names(f"invalidation {made}", actor) == marked
        assert marked.items() <= names(f"{made}", actor).items()
    of_staff = mark(["EX000002"], staff)
    assert names(f"invalidation {of_staff}", staff)
    assert names(f"invalidation {of_staff}", vsp) == {}


def test_things_of_another_account_are_not_found(vsp, other):
    """The answer is the same as for things that are not there."""
    number = upload(panels_csv(2, "EXO"), other).upload_id
    made = mark(["EXO000001"], other)
    for text in ("EXO000001", "EXO", f"upload {number}", f"invalidation {made}"):
        assert names(text, other)
        for actor in (vsp, acting(demo.GENERAL), acting(demo.SUPPLIER), VISITOR):
            assert search_box.find(text, actor).groups == []
    assert Kind.UPLOAD not in names(f"{number}", vsp)


def test_everybody_finds_a_calculation_by_its_reference(vsp, staff, kim):
    reference = calculations.save(GOOD_SOLAR, WEB)
    for actor in (VISITOR, kim, acting(demo.GENERAL), vsp, staff):
        kind, hit = search_box.find(f" {reference}\n", actor).only
        assert (kind, hit.key) == (Kind.CALCULATION, reference)
        assert search_box.find(reference.swapcase(), actor).only is None
        assert search_box.find(reference[:-1], actor).only is None


def test_only_staff_find_accounts_and_people(vsp, staff, kim):
    account = {Kind.ACCOUNT: ["Other Verification Pty Ltd"]}
    abn = search_box.find("other verif", staff).only[1].about.removeprefix("ABN ")
    for text in ("OTHER VERIF", abn, abn.replace(" ", "")):
        assert names(text, staff) == account
    for text in ("kim@x.au", "KIM@", "kim d"):
        kind, hit = search_box.find(text, staff).only
        assert (kind, hit.key, hit.name) == (Kind.ALONE, kim.user_id, "Kim Doe")
    for text in ("other verif", abn, "kim@x.au", "Kim Doe"):
        for actor in (vsp, kim, acting(demo.GENERAL), VISITOR):
            assert search_box.find(text, actor).groups == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_no_error(vsp, staff, text):
    for actor in (vsp, staff, VISITOR):
        assert search_box.find(text, actor).only is None


def test_few_statements_and_each_by_an_index(vsp, staff):
    """Names of accounts and people are read whole, as these are few."""
    for start in range(1, 600, 75):
        upload(panels_csv(75, start=start), vsp)
    made = mark([f"EX{n:06}" for n in range(1, 9)], vsp)
    reference = calculations.save(GOOD_SOLAR, WEB)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    texts = ("EX000017", "EX", "17", f"upload {made}", f"invalidation {made}",
             reference, "51824753556", "other verif", "nobody@x.au")  # fmt: skip
    for text in texts:
        for actor in (vsp, staff, VISITOR):
            sent = statements(lambda t=text, a=actor: search_box.find(t, a))
            assert len(sent) <= 7, text
            assert {*scans(sent)} <= {"accounts", "users"}, text


def test_lists_and_receipts_use_indexes(vsp, staff):
    for start in range(1, 600, 75):
        number = upload(panels_csv(75, start=start), vsp).upload_id
        mark([f"EX{start:06}"], vsp if start % 2 else staff)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    for work in (
        lambda: uploads.find(vsp), lambda: uploads.find(vsp, number),
        lambda: uploads.find(staff, number), lambda: invalidations.find(vsp),
        lambda: invalidations.find(vsp, 5), lambda: invalidations.find(staff, 5),
        lambda: invalidations.invalidations_of(number),
    ):  # fmt: skip
        (sent,) = statements(work)
        assert "count(" not in sent[0]
        # People and accounts are joined to a page of rows; a small table is read whole.
        assert {*scans([sent])} <= {"accounts", "users", "subscriptions"}


def test_a_file_of_systems_and_a_refused_upload_by_its_number(vsp, other, staff):
    reference = batches.save(template_text().encode(), VISITOR)
    for actor in (VISITOR, staff):
        assert names(reference, actor) == {Kind.BATCH: [f"File {reference}"]}
    upload(panels_csv(3), vsp)
    refused(panels_csv(2), other)
    number = db.session.scalar(sa.select(sa.func.max(RefusedUpload.id)))
    for text in (f"refused upload {number}", f"Refused {number}"):
        kind, hit = search_box.find(text, staff).only
        assert (kind, hit.key) == (Kind.REFUSED, number)
        assert search_box.find(text, vsp).only is None
