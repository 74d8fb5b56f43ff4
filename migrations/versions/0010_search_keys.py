"""Names of products in the form in which searches compare them."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAMES = ("supplier_name", "licensee", "model_number")
AT_ONCE = 1_000
# The rule of this release: a later rule comes with a migration of its own.
PLAIN = str.maketrans(
    dict.fromkeys("\u2019\u2018\u201b\u02bc\u02bb\u2032\u0060\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | {"\u03c2": "\u03c3"}
)


def key_of(name):
    lowered = unicodedata.normalize("NFC", name.lower())
    return " ".join(lowered.translate(PLAIN).split())


def upgrade():
    """Products are few: some thousands in a ledger of ten million rows."""
    for name in NAMES:
        op.add_column("products", sa.Column(f"{name}_key", sa.Text(), nullable=True))
    fill()
    with op.batch_alter_table("products") as table:
        for name in NAMES:
            table.alter_column(
                f"{name}_key", existing_type=sa.Text(), nullable=False
            )


def fill():
    columns = ", ".join(NAMES)
    changes = ", ".join(f"{name}_key = :{name}" for name in NAMES)
    query = sa.text(
        f"SELECT id, {columns} FROM products WHERE id > :last ORDER BY id LIMIT :most"
    )
    change = sa.text(f"UPDATE products SET {changes} WHERE id = :id")
    connection, last = op.get_bind(), 0
    while rows := connection.execute(query, {"last": last, "most": AT_ONCE}).all():
        keys = [
            {"id": number} | {n: key_of(v) for n, v in zip(NAMES, names, strict=True)}
            for number, *names in rows
        ]
        connection.execute(change, keys)
        last = rows[-1].id


def downgrade():
    for name in NAMES:
        op.drop_column("products", f"{name}_key")
