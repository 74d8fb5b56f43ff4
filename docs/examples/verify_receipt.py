#!/usr/bin/env python3
"""Check a receipt of the log, off-line, without trusting the server that made it.

    python3 verify_receipt.py upload-17.json upload-17.tlog-proof key.txt --rows my.csv
    python3 verify_receipt.py --consistency older.tlog-proof consistency.txt key.txt

Have key.txt, the public key of the log, from somebody whom you trust. --rows compares
the rows of an upload with your own file. --consistency takes an older proof or its
checkpoint. The formats are those of c2sp.org/tlog-proof, /tlog-checkpoint and
/tlog-witness. Exit code: 0 it holds, 1 it does not, and the line says why, 2 a file
cannot be read. It needs Python 3.9 or newer, and the package cryptography.
"""

import argparse
import base64
import csv
import hashlib
import json
import re
import sys
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NUMBER = "(0|[1-9][0-9]{0,17})"
HEADS = {
    "proof": "c2sp[.]org/tlog-proof@v1\n(?:extra .*\n)?index ",
    "proof of consistency": "old ",
}
COLUMNS = ("suppliername", "licenseecertificateholder", "modelnumber", "serialnumber")


def require(holds, why):
    if not holds:
        raise ValueError(why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def decode(text, what, length=None):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    is_good = base64.b64encode(data).decode() == text and length in (None, len(data))
    require(is_good, f"{what} is damaged: “{text[:60]}”.")
    return data


def checkpoint(note, key_text):
    """Return the name, size and root of a checkpoint that its log has signed."""
    text, _, signatures = note.rpartition("\n\n")
    name, size, root = [*text.split("\n"), "", ""][:3]
    keys, signed = {}, False
    for line in key_text.split():
        owner, number, raw = [*line.split("+", 2), "", ""][:3]
        public = keys[owner, number] = decode(raw, "The public key")
        is_good = sha256(owner.encode(), b"\n", public)[:4].hex() == number
        require(is_good, f"The public key is damaged: “{line[:200]}”.")
    for owner, raw in re.findall("(?m)^— ([^ \n]+) ([^ \n]+)$", signatures):
        signature = decode(raw, "A signature")
        public = keys.get((owner, signature[:4].hex()), b"")
        if owner == name and public[:1] == b"\1":  # others are of witnesses
            key = Ed25519PublicKey.from_public_bytes(public[1:])
            try:
                key.verify(signature[4:], f"{text}\n".encode())
            except InvalidSignature:
                raise ValueError("The checkpoint or its signature is wrong.") from None
            signed = True
    require(signed, "The checkpoint is not signed with the key of its log.")
    require(re.fullmatch(NUMBER, size), "The checkpoint has no size.")
    return name, int(size), decode(root, "The root of the checkpoint", 32)


def split(text, what):
    """Return the number and the hashes at the top of a file, and its checkpoint."""
    top, _, note = text.partition("\n\n")
    found = re.match(rf"{HEADS[what]}{NUMBER}(?=\n|\Z)", top)
    require(found, f"This is not a {what}, or its first lines are damaged.")
    lines = top[found.end() :].split("\n")[1:]
    return int(found[1]), [decode(line, "A hash", 32) for line in lines], note


def climb(node, last, start, hashes):
    """Return the root of the whole tree, and the root of the part up to a node."""
    whole = part = start
    for other in hashes:
        require(last, "The proof has too many hashes.")
        if node & 1 or node == last:
            whole, part = sha256(b"\1", other, whole), sha256(b"\1", other, part)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            whole = sha256(b"\1", whole, other)
        node, last = node >> 1, last >> 1
    require(not last, "The proof has too few hashes.")
    return whole, part


def digest(path, mark):
    """Return the SHA-256 of rows, without the mark that spreadsheets need."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        head, *rows = [row for row in csv.reader(file) if any(map(str.strip, row))]
    names = [re.sub(r"[\s/_]", "", cell.casefold()) for cell in head]
    require({*COLUMNS} <= {*names}, f"{path} lacks a column of an upload.")
    panels = []
    for row in rows:
        cells = [row[names.index(name)].strip() for name in COLUMNS]
        cells = [unicodedata.normalize("NFC", c.removeprefix(mark)) for c in cells]
        panels.append((cells[3].upper(), "\t".join(cells[:3])))
    lines = [f"{names}\t{serial}\n" for serial, names in sorted(panels)]
    return sha256("".join(lines).encode()).hex()


def verify(event, proof, keys, rows):
    """Return what a receipt proves; raises ValueError with the reason if nothing."""
    try:
        said = json.loads(event)
        place = said["chain"], said["sequence"] - 1
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError("The event is damaged: it is not JSON of the log.") from None
    index, hashes, note = split(proof, "proof")
    name, size, root = checkpoint(note, keys)
    require(index < size, "The checkpoint does not reach the event.")
    leaf = sha256(b"\0", sha256(event.encode()))
    is_in = climb(index, size - 1, leaf, hashes)[0] == root
    require(is_in, "The hashes do not lead from this event to the checkpoint.")
    is_there = place == (name.rpartition("/")[2], index)
    require(is_there, "The event stands at another place of the log than it says.")
    facts = said["facts"]
    if rows:
        is_known = facts.get("digest_version") == 1
        require(is_known, "The event is no upload whose rows can be compared.")
        is_same = facts["sha256"] in (digest(rows, ""), digest(rows, "'"))
        require(is_same, f"The rows of {rows} are not those of the upload.")
    what = f"{said['event']} at {said['at']}: {json.dumps(facts, ensure_ascii=False)}"
    return f"Event {index + 1} of {size} of {name}, {what}"


def verify_consistency(older, newer, keys):
    """Return what a proof of consistency shows; raises ValueError if nothing."""
    older = split(older, "proof")[2] if older.startswith("c2sp.org/") else older
    name, size, root = checkpoint(older, keys)
    number, hashes, note = split(newer, "proof of consistency")
    new_name, new_size, new_root = checkpoint(note, keys)
    is_of_both = (name, size) == (new_name, number) and 0 < size <= new_size
    require(is_of_both, "The proof is not one for these two checkpoints.")
    nodes = hashes if size & (size - 1) and size < new_size else [root, *hashes]
    require(nodes, "The proof has too few hashes.")
    level = (size & -size).bit_length() - 1 if size < new_size else size.bit_length()
    place = (size - 1) >> level, (new_size - 1) >> level
    is_continued = climb(*place, nodes[0], nodes[1:]) == (new_root, root)
    require(is_continued, "The log does not continue the older checkpoint.")
    return f"{name}, now with {new_size} events, continues the checkpoint of {size}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", metavar="EVENT|OLDER")
    parser.add_argument("second", metavar="PROOF|CONSISTENCY")
    parser.add_argument("key", metavar="KEY")
    parser.add_argument("--rows", metavar="FILE.csv")
    parser.add_argument("--consistency", action="store_true")
    given = parser.parse_args()
    try:
        files = (given.first, given.second, given.key)
        texts = [Path(each).read_bytes().decode("utf-8-sig") for each in files]
        first, second, keys = (text.replace("\r\n", "\n") for text in texts)
        if given.consistency:
            said = verify_consistency(first, second, keys)
        else:
            said = verify(first.strip(), second, keys, given.rows)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (ValueError, IndexError, csv.Error) as error:
        sys.stderr.write(f"Refused: {error}\n")
        return 1
    sys.stdout.write(f"It holds. {said}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
