#!/usr/bin/env python3
"""Upload a CSV of panel serial numbers, of any length, to the serial number ledger.

    SPV_KEY=… python3 upload_csv.py panels.csv --url https://spv.example

It sends 1,000 rows at a time. If the connection or the server fails, or the server asks
to wait, it sends the same rows again. If the ledger refuses rows, it says what is wrong
with each and stops. Correct the file and run it again: no panel is recorded twice. With
--validate-only it checks the whole file and records nothing.
Exit code: 0 all is well, 1 the check found problems, 2 it stopped and its last line
says why, 130 stopped with Ctrl-C. It needs Python 3.9 or newer, and nothing else.
"""

import argparse
import csv
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter

PATH = "/api/serial-number-ledger/v1/serial-numbers"
FIELDS = {
    "supplier name": "supplierName",
    "licensee/certificate holder": "licensee",
    "model number": "modelNumber",
    "serial number": "serialNumber",
}
IGNORED = ("problem", "how to fix", "")  # columns that lists of problems have as well
BATCH, TIMEOUT, PATIENCE, LONGEST_PAUSE = 1000, 60, 300, 30  # rows, then seconds


class Stop(Exception):
    """The upload cannot go on; the message says why."""


def read_rows(path):
    """Return the number and the item of each row that is not blank; may raise Stop."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            numbered = enumerate(csv.reader(file, strict=True), 1)
            rows = [row for row in numbered if any(map(str.strip, row[1]))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Stop(f"{path} cannot be read as “CSV UTF-8”: {error}.") from None
    headings = rows.pop(0)[1] if rows else []
    names = [" ".join(cell.casefold().split()) for cell in headings]
    known = [name for name in names if name not in IGNORED]
    if not rows or sorted(known) != sorted(FIELDS):
        raise Stop(f"{path} needs rows under the headings {', '.join(FIELDS)}.")
    for number, cells in rows:
        if any(map(str.strip, cells[len(names) :])):  # a comma has moved the others
            raise Stop(f"{path}, row {number}, has more cells than the headings.")
        if any(cell.startswith("'") for cell in cells):  # for spreadsheets alone
            raise Stop(f"{path}, row {number}: remove the apostrophe before a cell.")
    items = [(n, dict(zip(map(FIELDS.get, names), cells))) for n, cells in rows]  # noqa: B905
    return [(n, {f: item.get(f, "") for f in FIELDS.values()}) for n, item in items]


def send(url, key, items):
    """Return the status and errors of the answer, and both as text; may raise Stop."""
    headers = {"Content-Type": "application/json", "Ocp-Apim-Subscription-Key": key}
    headers["Idempotency-Key"] = uuid.uuid4().hex  # the same for every try
    body = json.dumps({"serialNumbers": items}).encode()
    request = urllib.request.Request(url, body, headers)  # noqa: S310 (see main)
    give_up, pause = time.monotonic() + PATIENCE, 1
    while True:
        wait = ""
        try:
            try:
                response = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310
            except urllib.error.HTTPError as error:
                response = error
            with response:
                wait, text = response.headers.get("Retry-After", ""), response.read()
            answer = json.loads(text) if text[:1] == b"{" else {}
            errors = [] if "accepted" in answer else answer.get("errors") or [answer]
            said = " ".join(str(each.get("message", "")) for each in errors)
            why = f"{response.status} {said}".rstrip(". ") + "."
            is_busy = response.status == 409 and "row" not in errors[0]
            if not (is_busy or response.status in (408, 429, *range(500, 600))):
                return response.status, errors, why
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = f"no answer ({error!r})"
        if time.monotonic() > give_up:
            raise Stop(f"No success in {PATIENCE} seconds at {url}: {why}")
        seconds = int(wait) if wait.isdecimal() else pause
        sys.stderr.write(f"Next try in {seconds} s: {why}\n")
        time.sleep(seconds)
        pause = min(2 * pause, LONGEST_PAUSE)


def upload(rows, url, key, counts):
    """Send the rows in batches, and count what becomes of them; may raise Stop."""
    for start in range(0, len(rows), BATCH):
        numbers, items = zip(*rows[start : start + BATCH])  # noqa: B905
        status, errors, why = send(url, key, items)
        about_rows = [error for error in errors if "row" in error]
        wrong = {error["row"] for error in about_rows}
        for error in about_rows:
            message = re.sub(  # the ledger counts the rows of the batch
                r"\brow ([0-9]+)",
                lambda found, numbers=numbers: f"row {numbers[int(found[1]) - 1]}",
                error["message"],
            )
            sys.stderr.write(f"Row {numbers[error['row'] - 1]}: {message}\n")
        only_check = url.endswith("?validate-only=true")
        if errors and not (wrong and only_check):
            raise Stop(f"{len(wrong):,} rows have problems." if wrong else why)
        done = "recorded" if status == 201 else "already recorded"
        what = "valid, not recorded" if only_check else done
        counts += Counter({what: len(items) - len(wrong), "with problems": len(wrong)})


def main():
    """Upload the file of the command line, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", metavar="FILE.csv")
    parser.add_argument("--url", default="http://127.0.0.1:5000")
    parser.add_argument("--validate-only", action="store_true", help="record nothing")
    given, key = parser.parse_args(), os.environ.get("SPV_KEY", "").strip()
    url = given.url.rstrip("/") + PATH + "?validate-only=true" * given.validate_only
    rows, counts = [], Counter()
    try:
        if not re.fullmatch("[0-9A-Za-z]+", key):
            raise Stop("The environment variable SPV_KEY has to be a subscription key.")
        if not re.match("https?://[^/]", url):
            raise Stop(f"--url {given.url} has to begin with https:// or http://.")
        rows = read_rows(given.file)
        upload(rows, url, key, counts)
        words, code = "", 1 if counts["with problems"] else 0
    except Stop as error:
        words, code = f"{error} ", 2
    except KeyboardInterrupt:
        words, code = "Stopped. ", 130
    sent, parts = sum(counts.values()), [f"{n:,} {what}" for what, n in counts.items()]
    if rows:
        words += f"{sent:,} of {len(rows):,} rows: {', '.join(parts) or 'none sent'}."
    if sent < len(rows):
        words += f" Row {rows[sent][0]} is next: run it again to go on."
    sys.stderr.write(words.rstrip() + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
