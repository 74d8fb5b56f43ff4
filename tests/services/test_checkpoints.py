"""Checkpoints sign what spv recorded, and nothing else; proofs verify against them."""

import re

import pytest
import sqlalchemy as sa

from spv import clock, demo
from spv.database import transaction
from spv.extensions import db
from spv.models import AuditChain, AuditCheckpoint, AuditEvent, AuditTile
from spv.rules import merkle, proofs
from spv.rules.errors import ConflictError, NotFoundError
from spv.services import audit_log, checkpoints
from spv.services.actor import visitor
from spv.services.checkpoints import EmptyLog, InconsistentLog
from spv.services.verify import checks
from tests.many_uploads import add_uploads
from tests.people import acting, at_once
from tests.services.test_audit_log import tamper

pytestmark = pytest.mark.every_database

STC, REGISTRY = audit_log.CHAINS
WEB = visitor("web")


@pytest.fixture
def file(app, tmp_path):
    """The file of checkpoints."""
    path = tmp_path / "checkpoints.txt"
    app.config["SPV_CHECKPOINTS"] = str(path)
    return path


def record(count=1):
    """Record calculations of which nothing is public but that they were made."""
    with transaction():
        for number in range(count):
            audit_log.record(STC, "test.event", WEB, clock.now(), {"number": number})


def check(chain, sequence):
    """Verify a receipt as an outsider does; return its checkpoint."""
    receipt = checkpoints.prove(chain, sequence)
    proof = proofs.read_proof(receipt.proof)
    found = proofs.open_checkpoint(proof.note, checkpoints.verifier_keys())
    leaf = merkle.leaf_hash(proofs.sha256(receipt.entry.encode()).digest())
    assert proof.index == sequence - 1
    assert merkle.is_included(leaf, proof.index, found.size, proof.hashes, found.root)
    return found


def saved():
    db.session.rollback()
    return db.session.scalars(sa.select(AuditCheckpoint).order_by("id")).all()


def test_every_event_of_small_logs_is_proved(app):
    """Also against the checkpoint that was there when the log was smaller."""
    for size in range(1, 12):
        record()
        checkpoints.make(STC)
        assert [check(STC, n).size for n in range(1, size + 1)] == [size] * size
        for earlier in saved():
            text = checkpoints.consistency(earlier.note)
            first, *path = text.partition("\n\n")[0].split("\n")
            new = checkpoints.unverified(text.partition("\n\n")[2])
            old = checkpoints.unverified(earlier.note)
            assert first == f"old {old.size}"
            hashes = [proofs.decode(line) for line in path if line]
            assert merkle.is_consistent(old[1:], new[1:], hashes)


def test_a_receipt_makes_the_checkpoint_that_it_needs(app, file):
    record(3)
    assert check(STC, 2).size == 3
    record(2)
    assert check(STC, 3).size == 3
    assert check(STC, 4).size == 5
    assert [each.size for each in saved()] == [3, 5]
    notes = proofs.read_notes(file.read_text().splitlines(True))
    assert [*notes] == [each.note for each in saved()]
    assert checks.verify().sentences == []


def test_what_has_no_proof(app):
    with pytest.raises(NotFoundError, match="There is no such event"):
        checkpoints.prove(STC, 1)
    with pytest.raises(EmptyLog, match="there is nothing to sign"):
        checkpoints.make(STC)
    with pytest.raises(ValueError, match="not a signed note"):
        checkpoints.consistency("spv/stc\n1\nAAAA\n")


@pytest.mark.parametrize("count", [600, pytest.param(66_000, marks=pytest.mark.long)])
def test_tiles(demonstration, file, count):
    """Of more than 256 hashes, and of more than 65,536, which need a second level."""
    add_uploads(count, acting(demo.VSP_USER))
    size = db.session.get_one(AuditChain, REGISTRY).sequence
    if count > 256 * checkpoints.TILES_AT_ONCE:
        with pytest.raises(ConflictError, match="is being prepared"):
            check(REGISTRY, size)
        checkpoints.make(REGISTRY)
    assert check(REGISTRY, size).size == size
    tiles = dict(db.session.query(AuditTile.level, sa.func.count()).group_by("level"))
    assert tiles == {n: size >> 8 * (n + 1) for n in (0, 1) if size >> 8 * (n + 1)}
    first = saved()[0].note
    add_uploads(300, acting(demo.VSP_USER), prefix="MV")
    for number in (size + 300, size, size - 200, 257, 256, 255):
        check(REGISTRY, number)
    assert checkpoints.consistency(first).startswith(f"old {size}\n")
    assert checks.verify([file.read_text().splitlines(True)]).sentences == []


CHANGES = [
    ("UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE position "
     "= 0) WHERE position = 1", "tile 1 of level 0 was changed"),
    ("DELETE FROM audit_tiles WHERE position = 0",
     "tiles of level 0 were added or removed"),
    ("UPDATE audit_tiles SET position = 2 WHERE position = 1",
     "tiles of level 0 were added or removed"),
    ("UPDATE audit_tiles SET level = 1, position = 0 WHERE position = 1",
     "tiles of level 1 were added or removed"),
    ("UPDATE audit_checkpoints SET size = size + 1",
     "the checkpoint of 6.. events was changed"),
    ("UPDATE audit_checkpoints SET note = replace(note, '— spv/registry ', "
     "'— spv/other ')",
     "a checkpoint is not to be trusted: The checkpoint is not signed with a known"),
    ("UPDATE audit_checkpoints SET note = 'x'", "a checkpoint cannot be read"),
]  # fmt: skip


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize(("statement", "words"), CHANGES)
def test_tiles_and_checkpoints_that_were_changed(demonstration, statement, words):
    add_uploads(600, acting(demo.VSP_USER))
    checkpoints.make(REGISTRY)
    assert checks.verify().sentences == []
    db.session.execute(sa.text(statement))
    db.session.commit()
    (problem,) = checks.verify().sentences
    assert re.match(f"(registry: )?{words}", problem)


def test_a_wrong_signature(app):
    record()
    note = checkpoints.make(STC)
    other = "A" if note[-20] != "A" else "B"
    forged = note[:-20] + other + note[-19:]
    db.session.execute(sa.update(AuditCheckpoint).values(note=forged))
    db.session.commit()
    (problem,) = checks.verify().sentences
    assert problem.endswith("The signature of the checkpoint is wrong.")


COPY = """
    INSERT INTO audit_events (chain, sequence, at, event, actor, channel, details,
      previous_hash, hash, format, key_id, seal)
    SELECT chain, sequence + 1, at, event, actor, channel, details, previous_hash,
      hash, format, key_id, seal FROM audit_events WHERE sequence = 5
"""
LONGER = "UPDATE audit_chains SET sequence = 6 WHERE name = 'stc'"
FORGERIES = {
    "copied": [COPY, LONGER],
    "without a seal": [
        COPY, LONGER, "UPDATE audit_events SET format = 1 WHERE sequence = 6",
    ],
    "of another actor": ["UPDATE audit_events SET actor = 'x' WHERE sequence = 4"],
    "unreadable": ["UPDATE audit_events SET event = 'stc.calculated'"],
    "removed": ["DELETE FROM audit_events WHERE sequence = 4"],
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGERIES)
def test_an_event_that_spv_has_not_recorded_is_never_signed(app, file, kind):
    """Nobody can get a receipt for it, though it is in the database."""
    record(3)
    first = checkpoints.make(STC)
    record(2)
    tamper(*FORGERIES[kind])
    if kind == "without a seal":  # its hash fits
        event = db.session.query(AuditEvent).filter_by(sequence=6).one()
        forged = audit_log.hash_of(event)
        tamper_more(f"UPDATE audit_events SET hash = '{forged}' WHERE sequence = 6")
    for attempt in (lambda: checkpoints.make(STC), lambda: checkpoints.prove(STC, 5)):
        with pytest.raises(InconsistentLog, match="The stc log was changed after"):
            attempt()
    assert file.read_text() == f"{first}\n"
    assert [each.size for each in saved()] == [3]
    assert checks.verify().problem_count > 0


def tamper_more(statement):
    """Change the log again, without its guards."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    db.session.execute(sa.text(statement))
    db.session.commit()


def test_an_older_copy_is_not_continued(app, file):
    record(3)
    second = db.session.query(AuditEvent.hash).filter_by(sequence=2).scalar()
    checkpoints.make(STC)
    tamper(
        "DELETE FROM audit_events WHERE sequence = 3", "DELETE FROM audit_checkpoints",
        f"UPDATE audit_chains SET sequence = 2, hash = '{second}' WHERE name = 'stc'",
    )  # fmt: skip
    text = file.read_text()
    with pytest.raises(InconsistentLog, match="has 2 events, and its last"):
        checkpoints.make(STC)
    record(4)
    with pytest.raises(InconsistentLog, match="does not continue its last checkpoint"):
        checkpoints.make(STC)
    assert (file.read_text(), saved()) == (text, [])
    (problem,) = checks.verify([text.splitlines(True)]).sentences
    assert problem.startswith("stc: events up to 3 are not those of its checkpoint")


def test_an_older_checkpoint_that_the_log_does_not_continue(app, file):
    record(3)
    other = merkle.leaf_hash(b"another log")
    for size, words in ((2, "does not continue"), (9, "has fewer events")):
        text = proofs.Checkpoint(checkpoints.origin_of(STC), size, other).text()
        key = audit_log.log_key().signing
        with pytest.raises(InconsistentLog, match=words):
            checkpoints.consistency(proofs.sign(text, checkpoints.origin_of(STC), key))


def test_a_damaged_file(app, file):
    record()
    note = checkpoints.make(STC)
    for text in (note.replace("\n1\n", "\none\n"), note[:20]):
        file.write_text(text)
        record()
        with pytest.raises(InconsistentLog, match=r"checkpoints.txt is damaged"):
            checkpoints.make(STC)
        assert file.read_text() == text
        (problem, *_) = checks.verify().sentences
        assert re.search("cannot be read|is damaged after line 1", problem)


def test_a_file_that_cannot_be_written(app, tmp_path):
    """Nothing is saved in the database, so the next one is in both places."""
    record()
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "checkpoints.txt", tmp_path):
        app.config["SPV_CHECKPOINTS"] = str(place)
        with pytest.raises(OSError, match=tmp_path.name):
            checkpoints.make(STC)
        result = app.test_cli_runner().invoke(args=["audit", "checkpoint"])
        assert (result.exit_code, saved()) == (1, [])
        assert result.output.startswith("Error: [Errno ")
    app.config["SPV_CHECKPOINTS"] = str(tmp_path / "checkpoints.txt")
    note = checkpoints.make(STC)
    assert "".join(checkpoints.lines_of_file()) == f"{note}\n"


def test_several_makers_at_once(demonstration, file):
    """They make one checkpoint of each size, and each of them is in the file."""
    add_uploads(300, acting(demo.VSP_USER))

    def make():
        for _ in range(3):
            checkpoints.make(REGISTRY)

    assert at_once(*[make] * 4) == []
    (only,) = saved()
    assert file.read_text() == f"{only.note}\n"
    assert at_once(*[make] * 2, *[lambda: [record(), checkpoints.make(STC)]] * 4) == []
    noted = list(proofs.read_notes(file.read_text().splitlines(True)))
    assert noted == [each.note for each in saved()]
    assert checks.verify().sentences == []


def test_another_log_key(app, file):
    """What an earlier key sealed and signed stays valid while it is listed."""
    record(2)
    old = checkpoints.make(STC)
    app.config.update(SPV_LOG_KEY="new", SPV_LOG_KEY_FALLBACKS=("demonstration-only",))
    record(2)
    new = checkpoints.make(STC)
    assert len(checkpoints.verifier_keys()) == 4
    for note in (old, new):
        assert proofs.open_checkpoint(note, checkpoints.verifier_keys())
    assert [check(STC, number).size for number in (1, 4)] == [4, 4]
    assert checkpoints.consistency(old).startswith("old 2\n")
    assert checks.verify([file.read_text().splitlines(True)]).sentences == []
    app.config["SPV_LOG_KEY_FALLBACKS"] = ()
    unknown, signed = checks.verify().sentences
    assert unknown == "stc: event 1 was sealed with an unknown log key"
    assert signed.startswith("stc: a checkpoint is not to be trusted: ")
    with pytest.raises(ValueError, match="not signed with a known key"):
        checkpoints.consistency(old)
    record()
    with pytest.raises(InconsistentLog, match="was changed after event 0"):
        checkpoints.make(STC)
