"""Who may enter: the one table of every route, which guards and navigation follow."""

from typing import NamedTuple

from spv.rules.roles import Role

EVERYONE = frozenset(Role) - {Role.SYSTEM}
SIGNED_IN = EVERYONE - {Role.VISITOR}
PERSON = frozenset({Role.PERSON})
ACCOUNT = frozenset({Role.GENERAL})
UPLOADER = frozenset({Role.UPLOADER})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
STAFF = frozenset({Role.STAFF})
SYSTEM = frozenset({Role.SYSTEM})
UNITS = "Small units"


class Policy(NamedTuple):
    """Which roles a route is for (one is enough), and its words in the navigation.

    `group`: what it stands under there. `owned`: its address names a thing of an
    account, and is not found by any other.
    """

    roles: frozenset[Role]
    menu: str = ""
    owned: bool = False
    group: str = ""


POLICIES = {
    "static": Policy(EVERYONE),
    "home.index": Policy(EVERYONE),
    "health.alive": Policy(EVERYONE),
    "health.ready": Policy(EVERYONE),
    "stc.new": Policy(EVERYONE, "STC calculator"),
    "stc.calculate": Policy(EVERYONE),
    "stc.show": Policy(EVERYONE),
    "stc_batch.new": Policy(EVERYONE, "Many systems"),
    "stc_batch.calculate": Policy(EVERYONE),
    "stc_batch.template": Policy(EVERYONE),
    "stc_batch.show": Policy(EVERYONE),
    "stc_batch.document": Policy(EVERYONE),
    "panels.index": Policy(UPLOADER | STAFF, "Panel serial numbers", group=UNITS),
    "panels.export": Policy(UPLOADER | STAFF),
    "panels.show": Policy(UPLOADER | STAFF, owned=True),
    "uploads.index": Policy(UPLOADER | STAFF),
    "uploads.new": Policy(UPLOADER, "Upload panel serial numbers", group=UNITS),
    "uploads.create": Policy(UPLOADER),
    "uploads.show": Policy(UPLOADER | STAFF, owned=True),
    "uploads.problems": Policy(UPLOADER, owned=True),
    "uploads.new_rows": Policy(UPLOADER, owned=True),
    "invalidations.new": Policy(UPLOADER | STAFF),
    "invalidations.create": Policy(UPLOADER | STAFF),
    "invalidations.show": Policy(UPLOADER | STAFF, owned=True),
    "invalidations.rows": Policy(UPLOADER | STAFF, owned=True),
    "serial_check.new": Policy(UPLOADER | STAFF, "Check serial numbers", group=UNITS),
    "serial_check.check": Policy(UPLOADER | STAFF),
    "file_check.new": Policy(EVERYONE, "Check a file", group=UNITS),
    "file_check.check": Policy(EVERYONE),
    "file_check.sample": Policy(EVERYONE),
    "declarations.new": Policy(UPLOADER),
    "declarations.make": Policy(UPLOADER),
    "developer.index": Policy(UPLOADER, "Developer Portal", group=UNITS),
    "developer.products": Policy(UPLOADER),
    "developer.product": Policy(UPLOADER),
    "developer.subscribe": Policy(UPLOADER),
    "developer.apis": Policy(UPLOADER),
    "developer.reference": Policy(UPLOADER),
    "developer.console": Policy(UPLOADER),
    "subscriptions.index": Policy(UPLOADER),
    "subscriptions.show_key": Policy(UPLOADER, owned=True),
    "subscriptions.regenerate": Policy(ADMINISTRATOR, owned=True),
    "subscriptions.rename": Policy(UPLOADER, owned=True),
    "subscriptions.cancel": Policy(ADMINISTRATOR, owned=True),
    "subscriptions.requests": Policy(UPLOADER, owned=True),
    "serial_numbers.create": Policy(SYSTEM),
    "serial_numbers.check": Policy(SYSTEM),
    "serial_numbers.show": Policy(SYSTEM),
    "serial_numbers.invalidate": Policy(SYSTEM),
    "api.document": Policy(EVERYONE),
    "api.calculation": Policy(EVERYONE),
    "sign_in.new": Policy(EVERYONE),
    "sign_in.create": Policy(EVERYONE),
    "sign_in.sign_up": Policy(EVERYONE),
    "sign_in.register": Policy(EVERYONE),
    "sign_in.sign_out": Policy(EVERYONE),
    "sign_in.sign_out_everywhere": Policy(SIGNED_IN),
    "passwords.open_link": Policy(EVERYONE),
    "passwords.use_link": Policy(EVERYONE),
    "passwords.edit": Policy(SIGNED_IN),
    "passwords.change": Policy(SIGNED_IN),
    "account.show": Policy(SIGNED_IN - STAFF, "My account"),
    "account.new": Policy(PERSON),
    "account.apply": Policy(PERSON),
    "account.edit": Policy(ADMINISTRATOR),
    "account.upgrade": Policy(ADMINISTRATOR),
    "users.index": Policy(ACCOUNT),
    "users.new": Policy(ADMINISTRATOR),
    "users.add": Policy(ADMINISTRATOR),
    "users.edit": Policy(ADMINISTRATOR, owned=True),
    "users.change": Policy(ADMINISTRATOR, owned=True),
    "users.remove": Policy(ADMINISTRATOR, owned=True),
    "users.make_link": Policy(ADMINISTRATOR, owned=True),
    "staff.index": Policy(STAFF),
    "staff.applications": Policy(STAFF, "Applications"),
    "staff.application": Policy(STAFF),
    "staff.approve": Policy(STAFF),
    "staff.decline": Policy(STAFF),
    "contacts.index": Policy(STAFF, "Nominated contacts"),
    "contacts.save": Policy(STAFF),
    "contacts.load": Policy(STAFF),
    "contacts.remove": Policy(STAFF),
    "staff.people": Policy(STAFF, "People"),
    "staff.make_link": Policy(STAFF),
}
