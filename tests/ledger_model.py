"""What a ledger has to hold after all that was done to it: plain dictionaries."""

from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS


class LedgerModel:
    """Rows, uploads and markings by their numbers.

    A tag of its own begins all of its serial numbers and names of suppliers.
    """

    def __init__(self, tag):
        self.tag = tag
        self.rows, self.files, self.markings = {}, {}, {}

    def panels_of(self, file):
        return {
            (f"{self.tag}{supplier}", *names, f"{self.tag}{n}")
            for n, (supplier, *names) in file.items()
        }

    def held(self, panels):
        """Serial numbers of a file that are valid already."""
        valid = {r.serial_number for r in self.rows.values() if r.status == "valid"}
        return valid & {panel[-1] for panel in panels}

    def earlier(self, panels, actor):
        """The upload of the same rows by the same account, if all are valid."""
        for number in sorted(self.files, reverse=True):
            if self.files[number] == (actor.account_id, panels):
                rows = [row for row in self.rows.values() if row.upload == number]
                return number if all(r.status == "valid" for r in rows) else None
        return None


def csv_of(panels):
    """A file, in an order of its own."""
    return csv_text([FIELDS.values(), *sorted(panels, reverse=True)]).encode()
