"""The one table of routes: the roles that may use them, and the navigation."""

from typing import NamedTuple

from spv.rules.accounts import Role

EVERYONE = frozenset(Role) - {Role.SYSTEM}
SIGNED_IN = EVERYONE - {Role.VISITOR}
PERSON = frozenset({Role.PERSON})
ACCOUNT = frozenset({Role.GENERAL})
UPLOADER = frozenset({Role.UPLOADER})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
STAFF = frozenset({Role.STAFF})
API_CLIENT = frozenset({Role.SYSTEM})


class Group(NamedTuple):
    """Pages under a heading of the navigation. If it has words, they open it."""

    heading: str
    words: str = ""


UNITS = Group("Renewable Energy Target", "Small units")
MY_ACCOUNT = Group("Renewable Energy Target", "My account")
SYSTEMS = Group("Systems")
TOOLS = Group("For everybody")
AGENCY = Group("Agency")
GROUPS = (AGENCY, UNITS, MY_ACCOUNT, SYSTEMS, TOOLS)  # in the order of the navigation


class Policy(NamedTuple):
    """The roles that may use a route (one is enough), and its words in the navigation.

    If a route is `owned`, its address names something of an account, and users of other
    accounts get a 404.
    """

    roles: frozenset[Role]
    menu: str = ""
    owned: bool = False
    group: Group = UNITS


def needs_account(roles: frozenset[Role], policy: Policy) -> bool:
    """Tell whether a user lacks an account for a route, or only a type of account."""
    needed = policy.roles - STAFF
    lacks_type = needed == UPLOADER and roles >= ACCOUNT
    return lacks_type or bool(needed and roles == PERSON)


# In the order of the navigation, within each group.
POLICIES = {
    "static": Policy(EVERYONE),
    "site.index": Policy(EVERYONE),
    "site.find": Policy(EVERYONE),
    "site.help": Policy(EVERYONE),
    "site.alive": Policy(EVERYONE),
    "site.ready": Policy(EVERYONE),
    "stc.new": Policy(EVERYONE, "STC calculator", group=TOOLS),
    "stc.calculate": Policy(EVERYONE),
    "stc.show": Policy(EVERYONE),
    "stc.new_batch": Policy(EVERYONE, "Many systems", group=TOOLS),
    "stc.calculate_batch": Policy(EVERYONE),
    "stc.batch_template": Policy(EVERYONE),
    "stc.show_batch": Policy(EVERYONE),
    "stc.batch_document": Policy(EVERYONE),
    "panels.index": Policy(UPLOADER | STAFF, "Panel serial numbers"),
    "panels.export": Policy(UPLOADER | STAFF),
    "panels.show": Policy(UPLOADER | STAFF, owned=True),
    "uploads.new": Policy(UPLOADER, "Upload panel serial numbers"),
    "uploads.index": Policy(UPLOADER | STAFF, "Uploads"),
    "invalidations.index": Policy(UPLOADER | STAFF, "Marked as invalid"),
    "uploads.create": Policy(UPLOADER),
    "uploads.show": Policy(UPLOADER | STAFF, owned=True),
    "uploads.problems": Policy(UPLOADER, owned=True),
    "uploads.new_rows": Policy(UPLOADER, owned=True),
    "invalidations.new": Policy(UPLOADER | STAFF),
    "invalidations.create": Policy(UPLOADER | STAFF),
    "invalidations.show": Policy(UPLOADER | STAFF, owned=True),
    "invalidations.rows": Policy(UPLOADER | STAFF, owned=True),
    "panels.new_check": Policy(UPLOADER | STAFF, "Look up a list"),
    "panels.check": Policy(UPLOADER | STAFF),
    "panel_check.new": Policy(EVERYONE, "Check panels", group=TOOLS),
    "panel_check.check": Policy(EVERYONE),
    "panel_check.check_by_api": Policy(EVERYONE),
    "uploads.new_check": Policy(EVERYONE, "Check a file", group=TOOLS),
    "uploads.check_file": Policy(EVERYONE),
    "uploads.sample": Policy(EVERYONE),
    "declarations.new": Policy(UPLOADER),
    "declarations.make": Policy(UPLOADER),
    "developer.index": Policy(UPLOADER, "Developer Portal", group=SYSTEMS),
    "developer.products": Policy(UPLOADER),
    "developer.product": Policy(UPLOADER),
    "developer.subscribe": Policy(UPLOADER),
    "developer.apis": Policy(UPLOADER),
    "developer.reference": Policy(UPLOADER),
    "developer.console": Policy(UPLOADER),
    "developer.send": Policy(UPLOADER),
    "developer.profile": Policy(UPLOADER),
    "developer.show_key": Policy(UPLOADER, owned=True),
    "developer.regenerate": Policy(ADMINISTRATOR, owned=True),
    "developer.rename": Policy(UPLOADER, owned=True),
    "developer.cancel": Policy(ADMINISTRATOR, owned=True),
    "developer.requests": Policy(UPLOADER, owned=True),
    "api_ledger.create": Policy(API_CLIENT),
    "api_ledger.check": Policy(API_CLIENT),
    "api_ledger.show": Policy(API_CLIENT),
    "api_ledger.invalidate": Policy(API_CLIENT),
    "api_stc.document": Policy(EVERYONE),
    "api_stc.calculation": Policy(EVERYONE),
    "api_stc.rules": Policy(EVERYONE),
    "sign_in.new": Policy(EVERYONE),
    "sign_in.create": Policy(EVERYONE),
    "sign_in.sign_up": Policy(EVERYONE),
    "sign_in.register": Policy(EVERYONE),
    "sign_in.sign_out": Policy(EVERYONE),
    "sign_in.sign_out_everywhere": Policy(SIGNED_IN),
    "account.open_link": Policy(EVERYONE),
    "account.use_link": Policy(EVERYONE),
    "account.edit_password": Policy(SIGNED_IN),
    "account.change_password": Policy(SIGNED_IN),
    "account.show": Policy(SIGNED_IN - STAFF, "My account", group=MY_ACCOUNT),
    "account.list_applications": Policy(
        SIGNED_IN - STAFF, "Account applications", group=MY_ACCOUNT
    ),
    "account.new": Policy(PERSON),
    "account.apply": Policy(PERSON),
    "account.edit": Policy(ADMINISTRATOR),
    "account.upgrade": Policy(ADMINISTRATOR),
    "account.list_users": Policy(ACCOUNT, "Users", group=MY_ACCOUNT),
    "account.new_user": Policy(ADMINISTRATOR),
    "account.add_user": Policy(ADMINISTRATOR),
    "account.edit_user": Policy(ADMINISTRATOR, owned=True),
    "account.change_user": Policy(ADMINISTRATOR, owned=True),
    "account.remove_user": Policy(ADMINISTRATOR, owned=True),
    "account.make_user_link": Policy(ADMINISTRATOR, owned=True),
    "staff.index": Policy(STAFF),
    "staff.applications": Policy(STAFF, "Applications", group=AGENCY),
    "staff.application": Policy(STAFF),
    "staff.approve": Policy(STAFF),
    "staff.decline": Policy(STAFF),
    "staff.list_contacts": Policy(STAFF, "Nominated contacts", group=AGENCY),
    "staff.save_contact": Policy(STAFF),
    "staff.load_contacts": Policy(STAFF),
    "staff.remove_contact": Policy(STAFF),
    "staff.people": Policy(STAFF, "People", group=AGENCY),
    "staff.make_link": Policy(STAFF),
}
