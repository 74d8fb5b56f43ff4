#!/usr/bin/env python3
"""Check a receipt of the log, off-line, without trusting the server that made it.

    python3 verify_receipt.py upload-17.json upload-17.tlog-proof key.txt --rows my.csv
    python3 verify_receipt.py --consistency older.tlog-proof consistency.txt key.txt

Have key.txt, the public key of the log, from somebody whom you trust. The formats are
those of c2sp.org/tlog-proof, /tlog-checkpoint and /tlog-witness. Exit code: 0 it holds,
1 it does not, 2 a file cannot be read. Needs Python 3.9, and the package cryptography.
"""

import argparse
import csv
import json
import re
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PROOF = "c2sp[.]org/tlog-proof@v1\n(?:extra .*\n)?index "
COLUMNS = ("suppliername", "licenseecertificateholder", "modelnumber", "serialnumber")


def require(holds, why):
    if not holds:
        raise ValueError(why)


def decode(text, what):
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    is_whole = data and b64encode(data).decode() == text
    require(is_whole, f"{what} is damaged: “{text[:60]}”.")
    return data


def beginning(file, first):
    """Return the number and the hashes that a file begins with."""
    head = file.split("\n\n")[0]
    found = re.fullmatch(f"{first}(0|[1-9][0-9]{{,17}})((?:\n.+)*)", head)
    require(found, "This is not a proof, or its first lines are damaged.")
    return int(found[1]), [decode(each, "A hash") for each in found[2].split("\n")[1:]]


def checkpoint(file, keys):
    """Return the name, size and root at the end of a file, which the log has signed."""
    text, signatures = ["", "", *file.split("\n\n")][-2:]
    name, size, root = [*text.split("\n"), "", ""][:3]
    known, is_signed = {}, False
    for line in keys.split():
        owner, key_id, raw = [*line.split("+", 2), "", ""][:3]
        known[owner, key_id] = key = decode(raw, "The public key")
        is_whole = sha256(f"{owner}\n".encode() + key).hexdigest()[:8] == key_id
        require(is_whole, f"The public key is damaged: “{line[:200]}”.")
    for raw in re.findall(rf"(?m)^— {re.escape(name)} (\S+)$", signatures):
        signature = decode(raw, "A signature")
        key = known.get((name, signature[:4].hex()), b"")
        if key[:1] == b"\1":  # the kind of key: Ed25519
            public = Ed25519PublicKey.from_public_bytes(key[1:])
            try:
                public.verify(signature[4:], f"{text}\n".encode())
            except InvalidSignature:
                raise ValueError("The checkpoint or its signature is wrong.") from None
            is_signed = True
    require(is_signed, "The checkpoint is not signed with the key of its log.")
    return name, int(size), decode(root, "The root of the checkpoint")


def roots(count, size, known, hashes):
    """Return the root of the first `count` entries of a tree, and of all of them."""
    require(hashes, "The proof has too few hashes.")
    *lower, other = hashes  # the first one covers the last `known` of `count`
    if size == known:
        require(not lower, "The proof has too many hashes.")
        return other, other
    left = 1 << (size - 1).bit_length() - 1  # entries in the left half
    if count <= left:
        part, whole = roots(count, left, known, lower)
        return part, sha256(b"\1" + whole + other).digest()
    both = roots(count - left, size - left, known, lower)
    return tuple(sha256(b"\1" + other + each).digest() for each in both)


def digests(path):
    """Yield the SHA-256 of rows as they are, and without the mark of spreadsheets."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        head, *rows = [row for row in csv.reader(file) if "".join(row).strip()]
    names = [re.sub(r"[\s/_]", "", cell.casefold()) for cell in head]
    require({*COLUMNS} <= {*names}, f"{path} lacks a column of an upload.")
    for mark in ("", "'"):
        panels = []
        for row in rows:
            cells = (row[names.index(n)].strip().removeprefix(mark) for n in COLUMNS)
            *product, serial = (normalize("NFC", cell) for cell in cells)
            panels.append((serial.upper(), "\t".join(product)))
        lines = (f"{product}\t{serial}\n" for serial, product in sorted(panels))
        yield sha256("".join(lines).encode()).hexdigest()


def verify(event, proof, keys, rows):
    """Return what a receipt proves; raises ValueError with the reason if nothing."""
    index, hashes = beginning(proof, PROOF)
    name, size, root = checkpoint(proof, keys)
    require(index < size, "The checkpoint does not reach the event.")
    leaf = sha256(b"\0" + sha256(event.strip().encode()).digest()).digest()
    is_in = roots(index + 1, size, 1, [leaf, *hashes])[1] == root
    require(is_in, "The hashes do not lead from this event to the checkpoint.")
    said = json.loads(event)
    is_there = (said["chain"], said["sequence"]) == (name.rpartition("/")[2], index + 1)
    require(is_there, "The event's position in the log is not the one that it states.")
    facts = said["facts"]
    if rows:
        is_upload = facts.get("digest_version") == 1
        require(is_upload, "The event is no upload whose rows can be compared.")
        is_same = facts["sha256"] in digests(rows)
        require(is_same, f"The rows of {rows} are not those of the upload.")
    what = f"{said['event']} at {said['at']}: {json.dumps(facts, ensure_ascii=False)}"
    return f"Event {index + 1} of {size} of {name}, {what}"


def verify_consistency(older, newer, keys):
    """Return what a proof of consistency shows; raises ValueError if nothing."""
    name, size, root = checkpoint(older, keys)
    new_name, new_size, new_root = checkpoint(newer, keys)
    old_size, hashes = beginning(newer, "old ")
    is_of_both = (name, size) == (new_name, old_size) and 0 < size <= new_size
    require(is_of_both, "The proof is not one for these two checkpoints.")
    known = size if size == new_size else size & -size
    hashes = [root, *hashes] if known == size else hashes
    is_continued = roots(size, new_size, known, hashes) == (root, new_root)
    require(is_continued, "The log does not continue the older checkpoint.")
    return f"{name}, now with {new_size} events, continues the checkpoint of {size}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs=3, metavar="FILE")
    parser.add_argument("--rows", metavar="FILE.csv")
    parser.add_argument("--consistency", action="store_true")
    given = parser.parse_args()
    try:
        texts = [Path(path).read_text(encoding="utf-8-sig") for path in given.files]
        check = verify_consistency if given.consistency else verify
        said = check(*texts, *([] if given.consistency else [given.rows]))
    except OSError as error:
        parser.error(str(error))
    except (ValueError, LookupError, csv.Error) as error:
        sys.exit(f"Refused: {error}")
    print(f"It holds. {said}.")  # noqa: T201
