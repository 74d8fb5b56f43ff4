"""Lists of approved products for tests."""

from spv import demo
from spv.services.agency import products
from spv.services.ledger.refused_files import File
from tests.people import acting

HEADING = "Supplier name,Licensee,Model number,Approved from,Approved to"
OURS = "Example Supplier,Example Holder,EX-440,2020-01-01,"
DELISTED = "Example Supplier,Example Holder,EX-400,2020-01-01,03/05/2026"
COMING = "Example Supplier,Other Holder,EX-500,2999-12-01,"
LIST = (OURS, DELISTED, COMING)


def list_csv(*lines):
    """Return a file of a list."""
    return "\r\n".join([HEADING, *lines, ""]).encode()


def load_list(*lines, email=demo.STAFF):
    """Look at what a list changes, then load it; return its number of products."""
    actor = acting(email)
    shown = products.preview(File(list_csv(*lines), "list.csv"), actor)
    return products.load(shown.reference, actor)
