"""Alembic's environment of this project: refuses until ledgerdb is where our revisions need it."""

from alembic import context
from models import Base
from sqlalchemy import create_engine

from ledgerdb import migrate
from ledgerdb.url import database_url

NEEDED = "0008"  # the newest revision of ledgerdb that our own revisions build on

engine = create_engine(database_url())
with engine.connect() as connection:
    migrate.require_revision(connection, NEEDED)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # not in ledgerdb's table, and not in a name that another project may take
        version_table="invoices_alembic_version",
        include_name=migrate.include_name,
        include_object=migrate.include_object,
    )
    with context.begin_transaction():
        context.run_migrations()
