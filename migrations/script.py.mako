"""${message}.

The release before this one is still running while this runs: only add; give a new column a default; build an index
on a table with rows concurrently, in `op.get_context().autocommit_block()`.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """"""


def downgrade() -> None:
    """"""
