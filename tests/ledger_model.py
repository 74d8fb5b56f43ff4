"""A model of the ledger in plain dictionaries, to compare the ledger with."""

from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS


class LedgerModel:
    """The rows, files and invalidations that a ledger must have, by their ids.

    All serial numbers and supplier names of a model begin with its tag.
    """

    def __init__(self, tag):
        self.tag = tag
        self.rows, self.files, self.invalidations = {}, {}, {}

    def panels_of(self, file):
        return {
            (f"{self.tag}{supplier}", *names, f"{self.tag}{n}")
            for n, (supplier, *names) in file.items()
        }

    def already_valid(self, panels):
        """Return the serial numbers of a file that are already valid."""
        valid = {r.serial_number for r in self.rows.values() if r.status == "valid"}
        return valid & {panel[-1] for panel in panels}

    def earlier(self, panels, actor):
        """Return the upload of the same rows by the same account, if all are valid."""
        for number in sorted(self.files, reverse=True):
            if self.files[number] == (actor.account_id, panels):
                rows = [row for row in self.rows.values() if row.upload == number]
                return number if all(r.status == "valid" for r in rows) else None
        return None


def csv_of(panels):
    """Write a file with its rows in another order."""
    return csv_text([FIELDS.values(), *sorted(panels, reverse=True)]).encode()
