#!/usr/bin/env python3
"""Upload a CSV of panel serial numbers, of any length, to the serial number ledger.

    SPV_KEY=… python3 upload_csv.py panels.csv --url https://spv.example

The rows go in batches of 1,000. Those that the ledger refuses are written to a file
beside yours, panels-failed.csv, to be corrected and uploaded; the others are recorded.
Where the connection or the server fails, the same batch is sent again.

Running it again with the same file is always safe: no panel is recorded twice, and rows
that the ledger has from your account, just as they are, count as already recorded.

Exit code: 0 all rows are recorded, 1 some are in the failed file, 2 it could not go on
(one line says why), 130 stopped with Ctrl-C. Needs Python 3.9 or newer, and
panel_rows.py beside it; nothing else.
"""

import argparse
import csv
import http.client
import itertools
import json
import os
import random
import re
import sys
import time
import urllib.request
import uuid
from collections import Counter
from pathlib import Path

from panel_rows import FIELDS, Stop, as_text, canonical, read_rows

PATH = "/api/serial-number-ledger/v1/serial-numbers"
BATCH = 1000  # the most that the ledger takes at once
TIMEOUT = 60  # seconds for one answer
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30  # seconds between tries
PATIENCE = 300  # seconds without any progress until it gives up
KINDS = ("recorded", "already recorded", "valid, not recorded", "failed")


class TryAgain(Exception):
    """Another try may have more success: why, and how many seconds to wait if asked."""


class EveryAnswer(urllib.request.HTTPErrorProcessor):
    """Hands over answers as they are: none is an exception, no redirect is followed."""

    def http_response(self, request, response):
        return response

    https_response = http_response


class Ledger:
    """The API, with the key of a subscription."""

    def __init__(self, url, key):
        self.address, self.key = url.rstrip("/") + PATH, key
        self.opener = urllib.request.build_opener(EveryAnswer)

    def send(self, path, items):
        """The status and JSON that items are answered with, after all tries; Stop."""
        headers = {
            "Content-Type": "application/json",
            "Ocp-Apim-Subscription-Key": self.key,
            # The same for every try: where the answer was lost, it is given again.
            "Idempotency-Key": str(uuid.uuid4()),
        }
        body = json.dumps({"serialNumbers": items}).encode()
        start, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                return self._try(path, body, headers)
            except TryAgain as again:
                why, asked = again.args
                if time.monotonic() - start > PATIENCE:
                    words = f"No success in {PATIENCE} seconds at {self.address}"
                    raise Stop(f"{words}: {why}.") from None
                wait = asked or pause * random.uniform(0.5, 1)  # noqa: S311
                say(f"Next try in {wait:.1f} s: {why}", stays=False)
                time.sleep(wait)
                pause = pause if asked else min(pause * 2, LONGEST_PAUSE)

    def _try(self, path, body, headers):
        address = self.address + path
        request = urllib.request.Request(address, body, headers)  # noqa: S310 (checked)
        try:
            with self.opener.open(request, timeout=TIMEOUT) as response:
                status, text = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", "") or repr(error)
            raise TryAgain(f"No answer ({why})", 0) from None
        try:
            answer = dict(json.loads(text))
        except (ValueError, TypeError):
            if status < 300:
                raise TryAgain("Half an answer", 0) from None
            moved = response.headers.get("Location", "")
            answer = {"message": f"The answer was {status} {moved}".rstrip() + "."}
        # 409 without rows: a twin of the request is under way, or the ledger was busy.
        busy = status == 409 and not any("row" in each for each in errors_of(answer))
        if status >= 500 or status in (408, 429) or busy:
            wait = response.headers.get("Retry-After", "")
            asked = int(wait) if wait.isdecimal() else 0
            raise TryAgain(f"{status} {said(answer)}".rstrip(". "), asked)
        return status, answer


def errors_of(answer):
    """The errors of an answer: without a list of them it is one itself."""
    return answer.get("errors") or [answer]


def said(answer):
    """What an answer says is wrong, in one line."""
    messages = [str(error.get("message", "")) for error in errors_of(answer)]
    return " ".join(" ".join(dict.fromkeys(messages)).split())


def named(answer, rows):
    """What is wrong with each row that an answer names, by its place in the batch."""
    errors = [e for e in errors_of(answer) if e.get("row") in range(1, len(rows) + 1)]
    # First what is wrong with rows themselves: without them, all that is left may be
    # what an earlier run has recorded, and be answered with its receipt.
    own = [error for error in errors if error.get("code") != "already_valid"]
    problems = {}
    for error in own or errors:
        # The ledger counts the items of the batch, people the rows of their file.
        message = re.sub(
            r"\brow ([0-9]+)",
            lambda found: f"row {rows[int(found[1]) - 1][0]}",
            str(error.get("message")),
        )
        problems.setdefault(error["row"] - 1, {})[message] = True
    return {place: " ".join(problems[place]) for place in sorted(problems)}


def free_name(source):
    """A name that no file has: somebody may be correcting that of an earlier run."""
    ends = itertools.chain([""], (f"-{count}" for count in itertools.count(2)))
    names = (source.with_name(f"{source.stem}-failed{end}.csv") for end in ends)
    return next(name for name in names if not name.exists())


class Upload:
    """A file on its way: `counts` has its rows by what became of them."""

    def __init__(self, source, failed, ledger, validate_only):
        self.source, self.failed, self.ledger = source, failed, ledger
        self.path = "?validate-only=true" if validate_only else ""
        self.counts, self.row = Counter(), 0
        # Read to its end before anything is sent, so that all of it can be read.
        self.total = sum(1 for _ in read_rows(source))
        if not self.total:
            raise Stop(f"{source} has no rows under a heading.")

    def run(self):
        """Send every batch; Stop."""
        rows, told = read_rows(self.source), time.monotonic()
        # Batches begin at the same rows in every run: so the ledger knows them again.
        while batch := list(itertools.islice(rows, BATCH)):
            self.row = batch[0][0]
            self.send(batch)
            if sys.stderr.isatty() or time.monotonic() - told > 10:
                told = time.monotonic()
                say(str(self), stays=False)

    def send(self, rows):
        """Have those rows of a batch recorded that can be, and keep the others."""
        while rows:
            items = [dict(zip(FIELDS.values(), cells)) for _, cells in rows]  # noqa: B905
            status, answer = self.ledger.send(self.path, items)
            if status in (200, 201):
                what = "recorded" if status == 201 else "already recorded"
                what = "valid, not recorded" if answer.get("validateOnly") else what
                self.counts[what] += len(rows)
                return
            problems = named(answer, rows) if status in (409, 422) else {}
            if not problems:
                raise Stop(said(answer) or f"The answer was {status}.")
            wrong = [(*rows[place], problem) for place, problem in problems.items()]
            self.keep(self.without_recorded(wrong) if status == 409 else wrong)
            rows = [row for place, row in enumerate(rows) if place not in problems]

    def without_recorded(self, wrong):
        """Those of rows that the ledger has in another way, or from somebody else."""
        serials = [cells[-1] for _, cells, _ in wrong]
        status, answer = self.ledger.send("/check", serials)
        if status != 200:
            raise Stop(said(answer))
        ours = {
            canonical(*(found[field] for field in FIELDS.values()))
            for found in answer["serialNumbers"]
            if found["own"] and found["status"] == "valid"
        }
        others = [each for each in wrong if canonical(*each[1]) not in ours]
        self.counts["already recorded"] += len(wrong) - len(others)
        return others

    def keep(self, wrong):
        """Write rows, and what is wrong with them, to the failed file; Stop."""
        if not wrong:
            return
        is_first = not self.counts["failed"]
        lines = [[*FIELDS, "Problem"]] if is_first else []
        for number, cells, problem in wrong:
            lines.append([*map(as_text, cells), f"Row {number}: {problem}"])
        mode = "w" if is_first else "a"
        try:
            with open(self.failed, mode, encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows(lines)
        except OSError as error:
            raise Stop(f"{self.failed} cannot be written: {error.strerror}.") from None
        self.counts["failed"] += len(wrong)

    def __str__(self):
        parts = [f"{self.counts[kind]:,} {kind}" for kind in KINDS if self.counts[kind]]
        sent = sum(self.counts.values())
        kept = f" (see {self.failed})" if self.counts["failed"] else ""
        return (
            f"{sent:,} of {self.total:,} rows: {', '.join(parts) or 'none sent'}{kept}"
        )


def say(words, stays=True):
    """Tell a person; on a terminal, what does not stay makes room for what comes."""
    if sys.stderr.isatty():
        words = "\r".join(["", " " * 79, words if stays else words[:79]])
    sys.stderr.write(words + ("\n" if stays or not sys.stderr.isatty() else ""))
    sys.stderr.flush()


def read_arguments():
    """The command line, and the key from the environment; Stop."""
    words = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(description=words[0], epilog=words[-1])
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--url", default="http://127.0.0.1:5000")
    parser.add_argument("--validate-only", action="store_true", help="record nothing")
    failed = "for rows that fail; replaced if it is there (default: a new name)"
    parser.add_argument("--failed", type=Path, metavar="FILE", help=failed)
    given = parser.parse_args()
    given.key = os.environ.get("SPV_KEY", "").strip()
    if not (given.key.isascii() and given.key.isalnum()):
        raise Stop("The environment variable SPV_KEY has to be your subscription key.")
    if not re.match(r"https?://[^/]", given.url):
        raise Stop(f"--url {given.url} has to begin with https:// or http://.")
    if given.failed and given.failed.resolve() == given.file.resolve():
        raise Stop("--failed names the file that is to be uploaded.")
    return given


def main():
    """Upload the file of the command line; the exit code."""
    start, upload = time.monotonic(), None
    try:
        given = read_arguments()
        ledger = Ledger(given.url, given.key)
        failed = given.failed or free_name(given.file)
        upload = Upload(given.file, failed, ledger, given.validate_only)
        upload.run()
        say(f"{upload}, in {time.monotonic() - start:.1f} seconds.")
        return 1 if upload.counts["failed"] else 0
    except Stop as why:
        code, words = 2, str(why)
    except KeyboardInterrupt:
        code, words = 130, "Stopped."
    if upload and upload.row:
        words += f" {upload}. Row {upload.row} is next: run it again to go on."
    say(words)
    return code


if __name__ == "__main__":
    sys.exit(main())
