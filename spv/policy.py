"""The table of routes with the roles that may use each, and the navigation."""

from typing import NamedTuple

from spv.rules.accounts import Role

EVERYONE = frozenset(Role) - {Role.SYSTEM, Role.UNPROVEN}
SIGNED_IN = EVERYONE - {Role.VISITOR}
PROVING = SIGNED_IN | {Role.UNPROVEN}
PERSON = frozenset({Role.PERSON})
ACCOUNT = frozenset({Role.GENERAL})
UPLOADER = frozenset({Role.UPLOADER})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
STAFF = frozenset({Role.STAFF})  # every member of staff
ASSESSOR = frozenset({Role.ASSESSOR})
STAFF_ADMINISTRATOR = frozenset({Role.STAFF_ADMINISTRATOR})
AGENCY = STAFF | ASSESSOR | STAFF_ADMINISTRATOR
API_CLIENT = frozenset({Role.SYSTEM})

# The roles that may use each route. If the address of a route names something of an
# account, users of other accounts get a 404.
_ROUTES = {
    EVERYONE: (
        "static", "site.index", "site.find", "site.help", "site.alive", "site.ready",
        "stc.new", "stc.calculate", "stc.show", "stc.new_batch", "stc.calculate_batch",
        "stc.batch_template", "stc.show_batch", "stc.batch_document",
        "panel_check.new", "panel_check.check", "panel_check.check_by_api",
        "uploads.new_check", "uploads.check_file", "uploads.sample",
        "api_stc.document", "api_stc.calculation", "api_stc.rules",
        "verify.new", "verify.check", "verify.keys", "verify.show", "verify.download",
        "sign_in.new", "sign_in.create", "sign_in.sign_up", "sign_in.register",
        "sign_in.sign_out", "account.open_link", "account.use_link",
        "second_factor.ask", "second_factor.answer",
        "training.index", "training.new", "training.enter", "training.practise_alone",
    ),
    SIGNED_IN: (
        "sign_in.sign_out_everywhere",
        "account.edit_password", "account.change_password",
        "second_factor.new", "second_factor.renew", "second_factor.remove",
        "account.close_notice",
    ),
    PROVING: ("second_factor.show", "second_factor.add"),
    SIGNED_IN - AGENCY: (
        "account.show", "account.list_applications",
        "training.exercise", "training.file", "training.answer",
        "training.give_account", "training.assess",
        "training.new_reset", "training.reset",
    ),
    PERSON: ("account.new", "account.apply"),
    ACCOUNT: ("account.list_users",),
    UPLOADER | STAFF: (
        "panels.index", "panels.export", "panels.show",
        "panels.new_check", "panels.check", "uploads.index", "uploads.show",
        "invalidations.index", "invalidations.show", "invalidations.rows",
    ),
    UPLOADER | ASSESSOR: ("invalidations.new", "invalidations.create"),
    UPLOADER: (
        "uploads.new", "uploads.create", "uploads.problems", "uploads.new_rows",
        "declarations.new", "declarations.make",
        "developer.index", "developer.products", "developer.product",
        "developer.subscribe", "developer.apis", "developer.reference",
        "developer.console", "developer.send", "developer.profile",
        "developer.show_key", "developer.rename", "developer.requests",
    ),
    ADMINISTRATOR: (
        "account.edit", "account.upgrade", "account.new_user", "account.add_user",
        "account.edit_user", "account.change_user", "account.remove_user",
        "account.make_user_link", "developer.regenerate", "developer.cancel",
    ),
    API_CLIENT: (
        "api_ledger.create", "api_ledger.check",
        "api_ledger.show", "api_ledger.invalidate",
    ),
    STAFF: (
        "staff.index", "staff.months", "staff.list_refused", "staff.refused",
        "staff.applications", "staff.application",
        "staff.list_contacts", "staff.verify", "staff.start_verification",
        "staff_accounts.people", "staff_accounts.person", "staff_accounts.account",
        "staff_accounts.subscription", "staff_accounts.index",
        "staff_log.index", "staff_log.show", "staff_log.export",
        "staff_log.list_calculations", "staff_log.calculation", "staff_log.counts",
        "staff_products.index", "staff_products.export", "classes.board",
        "classes.show_clock",
    ),
    ASSESSOR: (
        "staff.approve", "staff.decline", "staff_accounts.make_link",
        "staff_accounts.suspend", "staff_accounts.reinstate", "staff.see",
        "classes.open_class", "classes.act", "classes.reset", "classes.end",
        "classes.move_clock",
    ),
    STAFF_ADMINISTRATOR: (
        "staff.save_contact", "staff.load_contacts", "staff.remove_contact",
        "staff_accounts.add_staff", "staff_accounts.change_role",
        "staff_accounts.remove_staff",
        "staff_products.load",
    ),
}  # fmt: skip
# Routes that ask for a code of the second factor, if the user has one and gave no code
# lately.
FRESH_FACTOR = {
    "second_factor.add", "second_factor.renew", "second_factor.remove",
    "staff_accounts.suspend", "staff_accounts.reinstate", "staff_accounts.add_staff",
    "staff_accounts.change_role", "staff_accounts.remove_staff",
}  # fmt: skip
# The only routes that staff of production may use before they have a second factor.
UNPROVEN = {
    "static", "site.alive", "site.ready", "sign_in.new", "sign_in.create",
    "sign_in.sign_out", "account.open_link", "account.use_link", "second_factor.ask",
    "second_factor.answer", "second_factor.show", "second_factor.add",
}  # fmt: skip
POLICIES = {name: roles for roles, names in _ROUTES.items() for name in names}


class Group(NamedTuple):
    """Links under a heading; with `words`, they are folded under these words."""

    heading: str
    words: str
    pages: dict[str, str]


MENU = [
    Group("Agency", "", {
        "staff.index": "Desk", "staff.applications": "Applications",
        "staff_accounts.index": "Accounts", "staff.list_contacts": "Nominated contacts",
        "staff_accounts.people": "People", "staff.verify": "Verification",
        "staff_log.index": "Audit log", "staff_log.list_calculations": "Calculations",
        "staff_products.index": "Approved products",
    }),
    Group("Renewable Energy Target", "Small units", {
        "panels.index": "Panel serial numbers",
        "uploads.new": "Upload panel serial numbers", "uploads.index": "Uploads",
        "invalidations.index": "Marked as invalid",
        "panels.new_check": "Look up a list",
    }),
    Group("Renewable Energy Target", "My account", {
        "account.show": "My account",
        "account.list_applications": "Account applications",
        "account.list_users": "Users",
    }),
    Group("Systems", "", {"developer.index": "Developer Portal"}),
    Group("For everybody", "", {
        "stc.new": "STC calculator", "stc.new_batch": "Many systems",
        "panel_check.new": "Check panels", "uploads.new_check": "Check a file",
        "training.index": "Training",
    }),
]  # fmt: skip


def needs_account(roles: frozenset[Role], allowed: frozenset[Role]) -> bool:
    """Tell whether a user could use a route with an account, or with another type."""
    needed = allowed - AGENCY
    lacks_type = needed == UPLOADER and roles >= ACCOUNT
    return lacks_type or bool(needed and roles == PERSON)
