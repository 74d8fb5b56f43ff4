"""API clients of an account, for tests."""

from spv.extensions import db
from spv.models import SubscriptionKey
from spv.services.api import subscriptions
from spv.services.ledger import declarations

BASE = "/api/serial-number-ledger/v1"
UPLOADS, INVALIDATIONS = f"{BASE}/serial-numbers", f"{BASE}/invalidations"
HEADER = "Ocp-Apim-Subscription-Key"
TICKED = {"declaration": "yes", "wording_version": ""}


def subscribe(actor, name="Line 1"):
    """Subscribe an actor's account; return the id of the subscription."""
    return subscriptions.subscribe({"name": name, "terms": "yes"}, actor)


def key_of(subscription_id, kind="primary"):
    """Return a key as its page shows it."""
    db.session.rollback()
    query = db.session.query(SubscriptionKey)
    found = query.filter_by(subscription_id=subscription_id, kind=kind).one()
    return subscriptions.decrypt_key(found.sealed)


class System:
    """An API client that sends requests with a key, or without."""

    def __init__(self, app, key):
        self.client, self.key = app.test_client(), key

    def send(self, address=UPLOADS, body=None, method="POST", **headers):
        """Send a body: bytes as they are, anything else as JSON."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            headers.setdefault(HEADER, self.key)
        if isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/json")
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        sent = {} if body is None else sent
        return self.client.open(address, method=method, headers=headers, **sent)

    def get(self, address):
        """Send a GET request."""
        return self.send(address, method="GET")


def system_of(app, actor, kind="primary", name="Line 1"):
    """Make the declaration of an actor's account; return an API client of it."""
    declarations.make(TICKED, actor)
    return System(app, key_of(subscribe(actor, name), kind))


def items(count, prefix="EX", start=1):
    """Return a body with so many items."""
    names = {"supplierName": "Example Supplier", "licensee": "Example Holder",
             "modelNumber": "EX-440"}  # fmt: skip
    return {
        "serialNumbers": [
            names | {"serialNumber": f"{prefix}{number:06}"}
            for number in range(start, start + count)
        ]
    }
