"""The project's own tables, which refer to ledgerdb's."""

from sqlalchemy import BigInteger, ForeignKey, Identity, Numeric, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ledgerdb import schema


class Base(DeclarativeBase):
    """The tables of this project, in the database's default schema."""


# Copies in this project's metadata, without "public": PostgreSQL reports a table that the search
# path finds without its schema, and Alembic compares the two spellings.
tenants = schema.tenants.to_metadata(Base.metadata, schema=None)
payments = schema.payment_outbox_identities.to_metadata(Base.metadata, schema=None)


class Invoice(Base):
    """What a tenant owes, and the payment that settled it."""

    __tablename__ = "invoices"

    invoice_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id = mapped_column(Uuid, ForeignKey(tenants.c.tenant_id), nullable=False)
    outbox_id = mapped_column(Uuid, ForeignKey(payments.c.outbox_id))
    amount = mapped_column(Numeric(18, 2), nullable=False)
