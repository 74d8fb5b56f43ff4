"""Receipts: what an event records in words, and why a proof does not hold."""

import json
from hashlib import sha256

import pytest

from spv.rules import merkle, proofs
from spv.rules.proofs import Checkpoint, Proof
from spv.rules.secrets import derive

KEY = derive("a secret").signing
NAME = "spv.example/registry"
VERIFIER = proofs.verifier_key(NAME, KEY.public_key())
UPLOAD = {"upload": 1234, "rows": 1, "sha256": "ab" * 32, "digest_version": 1}
SOLAR = {
    "reference": "abcdefghijklmnop", "rules_version": "2026-01",
    "inputs": {"system_type": "solar_deemed", "rated_power_kw": "6.6",
               "calculation_period": "5", "postcode": "0005"},
    "result": {"certificates": 1045, "zone": 3, "rating": "1.382",
               "deeming_years": 5, "years": None},
}  # fmt: skip
BATCH = {
    "reference": "abcdefghijklmnop", "row_count": 7, "calculated": 5,
    "certificates": 0, "digest": "cd" * 32, "rules_version": "2026-01",
}  # fmt: skip


def event(name="upload.recorded", facts=UPLOAD, sequence=3, chain="registry"):
    """The public part of an event."""
    return json.dumps({
        "format": 2, "chain": chain, "sequence": sequence, "event": name,
        "at": "2026-11-28T03:04:05.678901+00:00", "channel": "web", "facts": facts,
        "key": "00000000", "seal": "0" * 64, "previous": "0" * 64,
    })  # fmt: skip


def proof_of(entry, index=2, size=7, name=NAME, key=KEY):
    """The proof that a text stands at a place of a log, among others."""
    leaves = [merkle.leaf_hash(bytes([n]) * 32) for n in range(size)]
    leaves[index] = merkle.leaf_hash(sha256(entry.encode()).digest())

    def subtree(level, position):
        return merkle.fold(leaves[position << level : (position + 1) << level])

    path = merkle.inclusion_proof(index, size, subtree)
    text = Checkpoint(name, size, merkle.root_of(size, subtree)).text()
    return Proof(index, path, proofs.sign(text, name, key)).text()


@pytest.mark.parametrize(
    ("name", "facts", "sentence", "labels", "file"),
    [
        ("upload.recorded", UPLOAD, "Upload 1234: 1 row recorded",
         ["SHA-256 of the rows"], "upload-1234"),
        ("rows.marked_invalid",
         {"invalidation": 5, "rows": 2000, "sha256": "", "reason": "Other"},
         "Invalidation 5: 2,000 rows marked as invalid", ["Reason"], "invalidation-5"),
        ("stc.calculated", SOLAR, "1,045 STCs calculated",
         ["System", "Rated power output (kW)",
          "Calculation Period", "Postcode of Installation Address", "Zone", "Rating",
          "Deeming period in years", "Reference", "Rules"],
         "calculation-abcdefghijklmnop"),
        ("stc.batch_calculated", BATCH, "0 STCs calculated, for 5 of 7 systems",
         ["SHA-256 of the rows", "Reference", "Rules"], "batch-abcdefghijklmnop"),
        ("user.signed_up", {}, "Another event of the log", [], "event"),
    ],
)  # fmt: skip
def test_what_is_proven(name, facts, sentence, labels, file):
    entry = event(name, facts)
    found = proofs.prove(entry, proof_of(entry), [VERIFIER])
    assert (found.sentence, [label for label, _ in found.facts]) == (sentence, labels)
    assert (found.chain, found.sequence, found.size) == ("registry", 3, 7)
    assert found.at.isoformat() == "2026-11-28T03:04:05.678901+00:00"
    assert proofs.file_name(entry) == file


def test_words_are_those_of_their_question():
    """A postcode or a number is not taken for a period."""
    entry = event("stc.calculated", SOLAR)
    facts = dict(proofs.prove(entry, proof_of(entry), [VERIFIER]).facts)
    assert facts["Calculation Period"] == "Five Years"
    assert facts["Deeming period in years"] == "5"
    assert facts["System"] == "SGU – Solar (deemed)"


def test_pasted_texts():
    """Line breaks of forms, blank lines around, more signatures, and extra data."""
    entry, text = event(), proof_of(event())
    first, rest = text.split("\n", 1)
    text = f"\n{first}\nextra AAAA\n{rest}— w.example AAAAAAAA\n\n"
    pasted = text.replace("\n", "\r\n")
    assert proofs.prove(f"\r\n{entry}\r\n", pasted, [VERIFIER]).sequence == 3
    assert proofs.plain("\ufeffa\r\nb") == "a\nb\n"


OTHER = event(sequence=4)


@pytest.mark.parametrize(
    ("entry", "proof", "reason"),
    [
        ("{", proof_of("{"), "The event is not JSON"),
        ("[" * 90_000, proof_of("{"), "The event is not JSON"),
        ("7", proof_of("7"), "Events of this format have no receipt"),
        (event(), "nothing", "This is not a proof"),
        (
            event(),
            proof_of(event()).replace("\n\n", "\n?\n\n", 1),
            "not canonical base64",
        ),
        (
            event(),
            proof_of(event(), key=derive("x").signing),
            "not signed with a known",
        ),
        (event(), proof_of(event(), name="x/registry"), "not signed with a known"),
        (event(), proof_of(OTHER), "do not lead from this event"),
        (OTHER, proof_of(OTHER), "position in the log is not"),
        (
            event(chain="stc"),
            proof_of(event(chain="stc")),
            "position in the log is not",
        ),
        ("x" * 100_001, "", "longer than 100,000 characters"),
        (event(), "x" * 100_001, "longer than 100,000 characters"),
    ],
    ids=range(12),
)
def test_what_proves_nothing(entry, proof, reason):
    with pytest.raises(ValueError, match=reason):
        proofs.prove(entry, proof, [VERIFIER])
