"""Tables of the training: classes, and the places of trainees."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "training_classes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(6), nullable=False),
        sa.Column("trainer_id", sa.Integer(), nullable=True),
        sa.Column("place_count", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_classes"),
        sa.UniqueConstraint("code", name="uq_training_classes_code"),
        sa.ForeignKeyConstraint(
            ["trainer_id"], ["users.id"], name="fk_training_classes_trainer_id_users"
        ),
    )
    op.create_table(
        "training_places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_places"),
        sa.UniqueConstraint("user_id", name="uq_training_places_user_id"),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["training_classes.id"],
            name="fk_training_places_class_id_training_classes",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_training_places_user_id_users"
        ),
    )
    op.create_index(
        "ix_training_places_class_id", "training_places", ["class_id"], unique=False
    )


def downgrade():
    op.drop_table("training_places")
    op.drop_table("training_classes")
