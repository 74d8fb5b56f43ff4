"""Tables of the agency's desk, roles of staff, second factors, subjects of events."""

import json
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import context, op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER, TEXT, DAY, MOMENT = sa.Integer(), sa.Text(), sa.Date(), sa.DateTime(True)
NAME = sa.String(200)
ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SERIAL = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
USERS, ACCOUNTS, UPLOADS = "users.id", "accounts.id", "uploads.id"
ID = {"id": NUMBER}
COUNTS = ("recorded", "marked", "marked_other", "refused_uploads", "conflicts")
# The details of an event, and the tables of its states, that name its subjects.
SUBJECTS = {
    "account": "account", "user": "user", "subject": "user", "applicant": "user",
    "subscription": "subscription", "upload": "upload", "invalidation": "invalidation",
    "application": "application", "reference": "reference", "refusal": "refusal",
}  # fmt: skip
SUBJECT_LISTS = {"accounts": "account", "refusals": "refusal"}
TABLES = {
    "users": "user", "accounts": "account", "subscriptions": "subscription",
    "account_applications": "application",
}  # fmt: skip
SLICE = 1_000
# Of tables that are there already.
INDEXES = (
    ("audit_events", ("event", "id")),
    ("audit_events", ("actor", "id")),
    ("stc_calculations", ("calculated_at", "system_type", "zone")),
    ("stc_calculations", ("system_type", "zone", "id")),
    ("stc_calculations", ("postcode", "id")),
)
# In the order in which they can be dropped.
MADE = ("conflicts", "refused_serials", "refused_uploads", "account_days",
        "look_alikes", "suspensions", "desk_notes", "approved_products",
        "product_files",
        "second_factors", "audit_subjects")  # fmt: skip


def upgrade():
    op.add_column("users", sa.Column("staff_role", sa.String(20), nullable=True))
    for name in ("staff_link_event", "closed_link_event"):
        op.add_column("users", sa.Column(name, NUMBER, nullable=False, server_default="0"))
    op.add_column("user_sessions", sa.Column("second_factor_at", MOMENT, nullable=True))
    for table, columns in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    create_tables_of_refusals()
    create_tables_of_findings()
    create_tables_of_people()
    give_roles()
    count_days()
    name_subjects()


def create_table(name, columns, *, null=(), refer=None, key=("id",), unique=(), index=()):
    """Create a table, with its foreign keys, indexes and unique columns."""
    made = [sa.Column(each, kind, nullable=each in null)
            for each, kind in columns.items()]  # fmt: skip
    for each, target in (refer or {}).items():
        other = target.split(".")[0]
        made.append(
            sa.ForeignKeyConstraint([each], [target], name=f"fk_{name}_{each}_{other}")
        )
    for each in unique:
        made.append(sa.UniqueConstraint(*each, name=f"uq_{name}_{'_'.join(each)}"))
    op.create_table(name, *made, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))
    for each in index:
        op.create_index(f"ix_{name}_{'_'.join(each)}", name, each)


def create_tables_of_refusals():
    create_table(
        "refused_uploads",
        ID | {
            "account_id": NUMBER, "channel": sa.String(20), "filename": NAME,
            "why": TEXT, "row_count": NUMBER, "problem_count": NUMBER,
            "conflict_count": NUMBER, "report": sa.JSON(), "report_until": MOMENT,
            "sha256": sa.String(64), "refused_at": MOMENT, "audit_sequence": NUMBER,
            "user_id": NUMBER, "subscription_id": NUMBER,
        },
        null={"report", "user_id", "subscription_id"},
        refer={"account_id": ACCOUNTS, "user_id": USERS,
               "subscription_id": "subscriptions.id"},
        index=[["account_id", "id"], ["account_id", "sha256"], ["refused_at"]],
    )  # fmt: skip
    kept = sa.text("report IS NOT NULL")
    op.create_index(
        "ix_refused_uploads_report_until", "refused_uploads", ["report_until"],
        sqlite_where=kept, postgresql_where=kept,
    )  # fmt: skip
    create_table(
        "refused_serials",
        {"refused_upload_id": NUMBER, "row": NUMBER, "serial_number": SERIAL,
         "upload_id": NUMBER},
        refer={"refused_upload_id": "refused_uploads.id", "upload_id": UPLOADS},
        key=["refused_upload_id", "row"], index=[["serial_number"]],
    )  # fmt: skip
    create_table(
        "conflicts",
        {"refused_upload_id": NUMBER, "holder_id": NUMBER, "account_id": NUMBER,
         "serial_count": NUMBER, "refused_at": MOMENT},
        refer={"refused_upload_id": "refused_uploads.id", "holder_id": ACCOUNTS,
               "account_id": ACCOUNTS},
        key=["refused_upload_id", "holder_id"],
        index=[["holder_id", "refused_at"], ["account_id", "refused_at"],
               ["refused_at"]],
    )  # fmt: skip


def create_tables_of_findings():
    create_table(
        "account_days",
        {"day": DAY, "account_id": NUMBER} | dict.fromkeys(COUNTS, NUMBER),
        refer={"account_id": ACCOUNTS}, key=["day", "account_id"],
        index=[["account_id"]],
    )  # fmt: skip
    create_table(
        "look_alikes",
        ID | {"row_id": ROW, "other_row_id": ROW, "account_id": NUMBER,
              "other_account_id": NUMBER, "found_at": MOMENT},
        refer={"row_id": "panel_serials.id", "other_row_id": "panel_serials.id",
               "account_id": ACCOUNTS, "other_account_id": ACCOUNTS},
        unique=[["row_id", "other_row_id"]],
        index=[["account_id"], ["other_account_id"]],
    )  # fmt: skip
    create_table(
        "desk_notes",
        ID | {"finding": sa.String(120), "note": TEXT, "made_at": MOMENT,
              "user_id": NUMBER},
        refer={"user_id": USERS}, index=[["finding"]],
    )  # fmt: skip
    names = ("supplier_name", "licensee", "model_number")
    create_table(
        "approved_products",
        ID | dict.fromkeys(names, NAME) | {f"{each}_key": TEXT for each in names}
        | {"approved_from": DAY, "approved_until": DAY},
        null={"approved_until"}, index=[["model_number_key"]],
    )  # fmt: skip
    op.create_index(
        "uq_approved_products_names", "approved_products", [*names, "approved_from"],
        unique=True,
    )  # fmt: skip
    create_table(
        "product_files",
        ID | {"reference": sa.String(16), "user_id": NUMBER, "filename": NAME,
              "content": sa.LargeBinary(), "list_sha256": sa.String(64),
              "kept_at": MOMENT},
        refer={"user_id": USERS}, unique=[["reference"]],
        index=[["user_id"], ["kept_at"]],
    )  # fmt: skip


def create_tables_of_people():
    subjects = {"account_id": ACCOUNTS, "user_id": USERS,
                "subscription_id": "subscriptions.id"}  # fmt: skip
    create_table(
        "suspensions",
        ID | dict.fromkeys(subjects, NUMBER)
        | {"reason": TEXT, "made_at": MOMENT, "made_by_id": NUMBER, "end_reason": TEXT,
           "ended_at": MOMENT, "ended_by_id": NUMBER},
        null={*subjects, "ended_at", "ended_by_id"},
        refer=subjects | {"made_by_id": USERS, "ended_by_id": USERS},
    )  # fmt: skip
    lasting = sa.text("ended_at IS NULL")
    for each in subjects:
        op.create_index(
            f"uq_suspensions_{each}", "suspensions", [each], unique=True,
            sqlite_where=lasting, postgresql_where=lasting,
        )  # fmt: skip
    create_table(
        "second_factors",
        ID | {"user_id": NUMBER, "sealed": sa.String(300), "recovery": sa.JSON(),
              "last_step": NUMBER, "created_at": MOMENT},
        refer={"user_id": USERS}, unique=[["user_id"]],
    )  # fmt: skip
    create_table(
        "audit_subjects",
        {"kind": sa.String(20), "key": sa.String(64), "event_id": NUMBER},
        refer={"event_id": "audit_events.id"}, key=["kind", "key", "event_id"],
        index=[["event_id"]],
    )  # fmt: skip


def give_roles():
    """Make staff administrators of staff; one event takes in the new column."""
    connection = op.get_bind()
    connection.execute(sa.text(
        "UPDATE users SET staff_role = 'administrator' WHERE is_staff"
    ))  # fmt: skip
    proof = context.script.get_revision("0015").module
    states = proof.states_of("users", *proof.TAKEN_IN["registry"]["users"])
    if states:
        append(proof, {"states": {"users": states}})


def append(proof, details):
    """Append the event to the registry's chain, as the application would."""
    connection = op.get_bind()
    head = sa.table("audit_chains", *map(sa.column, ("name", "sequence", "hash")))
    query = sa.select(head.c.sequence, head.c.hash).where(head.c.name == "registry")
    sequence, previous = connection.execute(query).one()
    at = datetime.now(UTC)
    added = proof.sealed({
        "chain": "registry", "sequence": sequence + 1, "at": at,
        "event": "log.columns_added", "actor": "operator", "channel": "command",
        "details": proof.canonical(details), "previous_hash": previous,
    })  # fmt: skip
    table = sa.Table("audit_events", sa.MetaData(), autoload_with=connection)
    is_sqlite = connection.dialect.name == "sqlite"
    moment = at.replace(tzinfo=None) if is_sqlite else at
    connection.execute(table.insert().values(added | {"at": moment}))
    change = sa.update(head).where(head.c.name == "registry")
    connection.execute(change.values(sequence=sequence + 1, hash=added["hash"]))


def count_days():
    """Count what each account did on each day of the past."""
    days = {}

    def count(moment, account, **counts):
        day = local_day(moment)
        days.setdefault((day, account), Counter()).update(counts)

    for at, account, rows in read("SELECT received_at, account_id, row_count "
                                  "FROM uploads"):  # fmt: skip
        count(at, account, recorded=rows)
    for at, account, reason, rows in read(
        "SELECT made_at, account_id, reason, row_count FROM invalidations "
        "WHERE account_id IS NOT NULL UNION ALL "
        "SELECT i.made_at, u.account_id, i.reason, count(*) FROM invalidations i "
        "JOIN panel_serials s ON s.invalidation_id = i.id "
        "JOIN uploads u ON u.id = s.upload_id WHERE i.account_id IS NULL "
        "GROUP BY i.id, i.made_at, u.account_id, i.reason"
    ):
        other = rows if reason == "Other" else 0
        count(at, account, marked=rows, marked_other=other)
    for at, details in read("SELECT at, details FROM audit_events "
                            "WHERE event = 'upload.refused'"):  # fmt: skip
        if account := json_object(details).get("account"):
            count(at, account, refused_uploads=1)
    table = sa.Table("account_days", sa.MetaData(), autoload_with=op.get_bind())
    insert(table, ({"day": day, "account_id": account} | dict.fromkeys(COUNTS, 0)
                   | counts for (day, account), counts in days.items()))  # fmt: skip


def name_subjects():
    """Name the subjects of all events of the past."""
    table = sa.Table("audit_subjects", sa.MetaData(), autoload_with=op.get_bind())
    events = read("SELECT id, event, details FROM audit_events")
    insert(table, (
        {"kind": kind, "key": key, "event_id": number}
        for number, event, details in events
        if not event.startswith("log.")
        for kind, key in subjects_of(json_object(details))
    ))  # fmt: skip


def subjects_of(details):
    named = {(kind, str(details[name])) for name, kind in SUBJECTS.items()
             if details.get(name) is not None}  # fmt: skip
    named |= {(kind, str(value)) for name, kind in SUBJECT_LISTS.items()
              for value in details.get(name, ())}  # fmt: skip
    states = details.get("states", {})
    return named | {(kind, number) for table, kind in TABLES.items()
                    for number in states.get(table, ())}  # fmt: skip


def json_object(text):
    """Return the details of an event; nothing of those that are no JSON any more."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def local_day(moment):
    """Return the day in Sydney of a moment, which SQLite has as text in UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo("Australia/Sydney")).date()


def read(query):
    options = {"yield_per": SLICE}
    with op.get_bind().execute(sa.text(query), execution_options=options) as rows:
        yield from rows


def insert(table, rows):
    """Insert rows, some at a time."""
    some = []
    for row in rows:
        some.append(row)
        if len(some) == SLICE:
            op.get_bind().execute(table.insert(), some)
            some = []
    if some:
        op.get_bind().execute(table.insert(), some)


def downgrade():
    for name in MADE:
        op.drop_table(name)
    for table, columns in INDEXES:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    op.drop_column("user_sessions", "second_factor_at")
    for name in ("closed_link_event", "staff_link_event", "staff_role"):
        op.drop_column("users", name)
