"""Signed notes, checkpoints and proofs: read as written, and nothing else."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from spv.rules import proofs
from spv.rules.proofs import Checkpoint, Proof
from spv.rules.secrets import derive

KEY = derive("a secret").signing
NAME = "spv.example/registry"
VERIFIER = proofs.verifier_key(NAME, KEY.public_key())
CHECKPOINT = Checkpoint(NAME, 70, bytes(range(32)))
NOTE = proofs.sign(CHECKPOINT.text(), NAME, KEY)
OTHER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)


def test_the_example_of_the_specification():
    """The text and the key of c2sp.org/signed-note."""
    key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    signature = (
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHj"
        "G1Yu72IneyaQM="
    )
    note = f"This is an example message.\n\n— example.com/foo {signature}\n"
    with pytest.raises(ValueError, match="The checkpoint is damaged"):
        proofs.open_checkpoint(note, [key])  # signed, and no checkpoint
    with pytest.raises(ValueError, match="The signature of the checkpoint is wrong"):
        proofs.open_checkpoint(note.replace("example m", "example M"), [key])


def test_a_checkpoint():
    assert proofs.open_checkpoint(NOTE, ["x+00000000+AA==", VERIFIER]) == CHECKPOINT
    by_two = NOTE + proofs.sign(CHECKPOINT.text(), "w.example", OTHER).split("\n\n")[1]
    assert proofs.open_checkpoint(by_two, [VERIFIER]) == CHECKPOINT


def test_each_changed_character_is_refused():
    for place, character in enumerate(NOTE):
        changed = f"{NOTE[:place]}{chr(ord(character) ^ 1)}{NOTE[place + 1 :]}"
        with pytest.raises(ValueError, match=r"."):
            proofs.open_checkpoint(changed, [VERIFIER])


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("", "not a signed note"),
        (NOTE.partition("\n\n")[0] + "\n", "not a signed note"),
        (NOTE.rstrip("\n"), "not a signed note"),
        (NOTE + "more\n", "not a signed note"),
        (proofs.sign(CHECKPOINT.text(), NAME, OTHER), "not signed with a known key"),
        (proofs.sign(CHECKPOINT.text(), "other", KEY), "not signed with a known key"),
        (proofs.sign(Checkpoint("other", 1, b"").text(), NAME, KEY), "key of its log"),
        (proofs.sign(f"{NAME}\n007\nAAAA\n", NAME, KEY), "damaged"),
        (proofs.sign(f"{NAME}\n7\nAAAA\nmore\n", NAME, KEY), "damaged"),
        (proofs.sign(f"{NAME}\n7\nAA=A\n", NAME, KEY), "[Bb]ase64|padding"),
        (proofs.sign(f"{NAME}\n7\nAB==\n", NAME, KEY), "not canonical base64"),
    ],
)
def test_what_is_no_checkpoint(note, words):
    with pytest.raises(ValueError, match=words):
        proofs.open_checkpoint(note, [VERIFIER])


def test_what_is_no_base64_is_quoted_in_part():
    with pytest.raises(ValueError, match=f"^“{'x' * 50}” is not canonical base64"):
        proofs.decode("x" * 51)


def test_a_file_of_notes():
    assert list(proofs.read_notes([])) == []
    assert list(proofs.read_notes(f"{NOTE}\n{NOTE}\n".splitlines(True))) == [NOTE, NOTE]
    for text, line in (
        (f"{NOTE}\nx\n{NOTE}", 6),
        (f"{NOTE}\n{NOTE[:50]}", 6),
        (f"{NOTE}{NOTE}\n" + "x\n" * 60_000, 11),
    ):
        with pytest.raises(ValueError, match=f"damaged after line {line}"):
            list(proofs.read_notes(text.splitlines(True)))


def test_a_proof():
    proof = Proof(3, [bytes(32), b"\1" * 32], NOTE)
    lines = proof.text().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert proofs.read_proof(proof.text()) == proof
    extra = "\n".join([lines[0], "extra AAAA", *lines[1:]])
    assert proofs.read_proof(extra) == proof
    alone = Proof(0, [], NOTE)
    assert proofs.read_proof(alone.text()) == alone


@pytest.mark.parametrize(
    "text", ["", "index 1\n\n", "c2sp.org/tlog-proof@v1\n\n",
             "c2sp.org/tlog-proof@v1\nindex 01\n\n", "c2sp.org/tlog-proof@v1\n3\n\n"]
)  # fmt: skip
def test_what_is_no_proof(text):
    with pytest.raises(ValueError, match="This is not a proof"):
        proofs.read_proof(text)


def test_log_keys():
    """Each secret has keys of its own, and each purpose has one."""
    one, other = derive("a secret"), derive("another secret")
    assert (one.id, one.seal("text")) != (other.id, other.seal("text"))
    assert len({one.id, other.id}) == len({one.seal("a"), one.seal("b")}) == 2
    assert one.seal("text") not in str(one.signing.private_bytes_raw().hex())
    assert one.id == "f0c4f840"  # format 2 of events is fixed
