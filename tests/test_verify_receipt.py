"""The script that checks receipts off-line: what holds, what is refused, and why."""

import ast
import importlib.util
import re
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from spv import demo
from spv.rules import merkle, proofs
from spv.rules.proofs import Checkpoint
from spv.rules.secrets import derive
from spv.services import receipts
from tests.panels import panels_csv, upload
from tests.people import acting
from tests.receipts import KINDS, Receipt, code_of, files_of, keys, made_upload
from tests.rules.test_merkle import LEAVES, ROOTS, subtree
from tests.server import ROOT

SCRIPT = ROOT / "docs" / "examples" / "verify_receipt.py"
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)


@pytest.fixture(scope="module")
def script():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("verify_receipt", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_short_and_needs_nothing_of_ours():
    text = SCRIPT.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    assert text.count("\n") <= 170
    names = re.findall(r"^(?:import|from) (\w+)", text, re.M)
    assert {*names} - {*sys.stdlib_module_names} == {"cryptography"}
    imports = (ast.Import, ast.ImportFrom)
    nested = [n for n in ast.walk(tree) if isinstance(n, imports)]
    assert len(nested) == len(names)


def run(folder, *arguments, **files):
    """The exit code of the script, and what it says, in a folder with some files."""
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, *arguments], cwd=folder, capture_output=True,
        check=False,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).decode()


def test_the_command(demonstration, tmp_path):
    event, proof = files_of(made_upload())
    files = {"event": event, "proof": proof, "key": keys(), "rows": panels_csv(3)}
    code, said = run(tmp_path, "event", "proof", "key", "--rows", "rows", **files)
    assert (code, said.startswith("It holds. Event ")) == (0, True), said
    assert "of spv/registry, upload.recorded at 20" in said
    code, said = run(tmp_path, "event", "proof", "key", rows=panels_csv(2))
    assert code == 0, said
    code, said = run(tmp_path, "event", "proof", "key", "--rows", "rows")
    assert (code, said) == (
        1, "Refused: The rows of rows are not those of the upload.\n"
    )  # fmt: skip
    code, said = run(tmp_path, "event", "proof", "nothing")
    assert (code, "No such file" in said) == (2, True)
    assert run(tmp_path, "event")[0] == 2
    assert run(tmp_path, "event", "proof", "key", event=b"\xff")[0] == 1


def test_the_command_on_two_checkpoints(demonstration, tmp_path):
    _, older = files_of(made_upload())
    upload(panels_csv(2, "MORE"), acting(demo.VSP_USER))
    newer = receipts.continuation(older)
    arguments = ("--consistency", "older", "newer", "key")
    files = {"older": older, "newer": newer, "key": keys()}
    code, said = run(tmp_path, *arguments, **files)
    assert (code, " continues the checkpoint of " in said) == (0, True), said
    code, said = run(tmp_path, *arguments, older=older.partition("\n\n")[2])
    assert code == 0, said
    code, said = run(tmp_path, *arguments, newer=newer.replace("old ", "old 1", 1))
    assert (code, said) == (
        1, "Refused: The proof is not one for these two checkpoints.\n"
    )  # fmt: skip


def test_every_kind_of_receipt(script, demonstration):
    for make in KINDS.values():
        assert script.verify(*files_of(make()), keys(), None).startswith("Event ")


OWN = """\ufeffSERIAL_number,note,MODEL NUMBER,supplier name,Licensee certificate holder
 ex000003 ,x,'00391,"Zu\u0308, Ltd",Holder
,,,,
EX000001,,'00391,"Zü, Ltd",Holder
EX000002,,'00391,"Zü, Ltd" ,Holder
"""


def test_rows_in_the_shapes_that_are_uploaded(script, demonstration, tmp_path):
    """Other headings, another order, blanks, small letters, NFD, and apostrophes."""
    data = panels_csv(3, names='"Zü, Ltd",Holder,00391')
    number = upload(data, acting(demo.VSP_USER)).upload_id
    receipt = Receipt("", code_of("registry"), f"upload-{number}")
    path = tmp_path / "own.csv"

    def verify(text, receipt=receipt):
        path.write_text(text, encoding="utf-8")
        return script.verify(*files_of(receipt), keys(), path)

    assert verify(OWN)
    assert verify(OWN.replace("'", ""))
    for text, why in (
        (OWN.replace("EX000001", "EX000004"), "not those of the upload"),
        (OWN.replace("EX000001,", '"EX000001",y,'), "not those of the upload"),
        (OWN + OWN.splitlines()[-1], "not those of the upload"),
        (OWN.replace("MODEL", "MODAL"), "lacks a column"),
    ):
        with pytest.raises(ValueError, match=why):
            verify(text)
    with pytest.raises(ValueError, match="no upload whose rows"):
        verify(OWN, KINDS["invalidation"]())


def test_files_of_other_programs(script, demonstration):
    """Extra data, signatures of witnesses and of an older key, keys of other kinds."""
    event, proof = files_of(made_upload())
    first, rest = proof.split("\n", 1)
    text = proof.split("\n\n")[1] + "\n"
    by_witness = proofs.sign(text, "w.example/1", WITNESS).split("\n\n")[1]
    by_older = proofs.sign(text, "spv/registry", WITNESS).split("\n\n")[1]
    above, _, signature = proof.rpartition("\n\n")
    cosigned = f"{above}\n\n{by_witness}{by_older}{signature}{by_witness}"
    extra = f"{first}\nextra AAECAw==\n{rest}"
    known = keys() + proofs.verifier_key("w.example/1", WITNESS.public_key())
    for each in (cosigned, extra, extra.replace("\n\n—", "\n\n— w AAAA\n—")):
        assert script.verify(event, each, known, None)
        assert not isinstance(receipts.check(event, each), str)
    for wrong, why in (
        (by_witness, "not signed with the key of its log"),
        (by_older, "not signed with the key of its log"),
    ):
        with pytest.raises(ValueError, match=why):
            script.verify(event, f"{above}\n\n{wrong}", known, None)
    damaged = keys().replace("spv/", "spw/")
    with pytest.raises(ValueError, match="public key is damaged"):
        script.verify(event, proof, damaged, None)


def test_trees_of_every_size(script):
    """Each old and new size up to 40, and hashes that are missing or too many."""
    for new in range(1, 41):
        leaves, key = LEAVES[:new], derive("a secret").signing

        def note_of(size, key=key):
            return proofs.sign(
                Checkpoint("x/y", size, ROOTS[size - 1]).text(), "x/y", key
            )

        known = proofs.verifier_key("x/y", key.public_key())
        for old in range(1, new + 1):
            path = [*map(proofs.encode, merkle.consistency_proof(old, new, subtree))]
            for lines, holds in (
                (path, True),
                (path[1:], not path),
                ([*path, proofs.encode(leaves[0])], False),
            ):
                text = "\n".join([f"old {old}", *lines, "", note_of(new)])
                assert is_held(script, note_of(old), text, known) is holds


def is_held(script, older, newer, key):
    try:
        return bool(script.verify_consistency(older, newer, key))
    except ValueError:
        return False
