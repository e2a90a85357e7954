"""What SQLAlchemy makes of a database, as one JSON document: its reflection asks the catalog the hardest questions."""

import json
import threading

import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base, relationship

seen = []
Base = declarative_base()


class Author(Base):
    __tablename__ = "author"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False, unique=True)
    books = relationship("Book", back_populates="author", order_by="Book.id")


class Book(Base):
    __tablename__ = "book"
    id = sa.Column(sa.Integer, primary_key=True)
    title = sa.Column(sa.Text)
    price = sa.Column(sa.Numeric(8, 2), sa.CheckConstraint("price > 0"))
    author_id = sa.Column(sa.ForeignKey("author.id"), index=True)
    author = relationship("Author", back_populates="books")


def note(what, value):
    seen.append([what, value])


def attempt(what, work):
    try:
        note(what, str(work()))
    except sa.exc.DBAPIError as error:
        note(what, [type(error).__name__, error.orig.pgcode, str(error.orig)])


engine = sa.create_engine("postgresql+psycopg2://", pool_size=5, max_overflow=0, pool_pre_ping=True, future=True)
Base.metadata.create_all(engine)

with Session(engine) as session:
    session.add_all(
        Author(name=f"Autør {n}", books=[Book(title=f"Book {n}.{m}", price=m + 0.5) for m in range(3)]) for n in range(20)
    )
    session.commit()
    found = session.execute(sa.select(Author).where(Author.name.like("%1")).order_by(Author.id)).scalars()
    note("loaded", [[author.name, [book.title for book in author.books]] for author in found])
    session.add(Author(name="Autør 1"))
    attempt("doubled", session.flush)
    session.rollback()
    with session.begin_nested():
        session.add(Author(name="kept"))
    try:
        with session.begin_nested():
            session.add(Book(title="refused", price=-1))
            session.flush()
    except sa.exc.IntegrityError as error:
        note("savepoint", error.orig.pgcode)
    session.commit()
    note("count", session.execute(sa.select(sa.func.count()).select_from(Author)).scalar_one())

inspector = sa.inspect(engine)
note("tables", sorted(inspector.get_table_names()))
for table in ("author", "book"):
    note("columns", [[column["name"], str(column["type"]), column["nullable"]] for column in inspector.get_columns(table)])
    note("keys", [inspector.get_pk_constraint(table), inspector.get_foreign_keys(table)])
    note("indexes", sorted(str(index) for index in inspector.get_indexes(table)))
    note("checks", inspector.get_check_constraints(table))

with engine.connect().execution_options(stream_results=True, max_row_buffer=10) as connection:
    note("streamed", sum(row.id for row in connection.execute(sa.select(Book.id))))
with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
    attempt("isolation", lambda: connection.execute(sa.text("show transaction_isolation")).scalar())
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    attempt("vacuum", lambda: connection.execute(sa.text("vacuum book")).rowcount)


def raise_prices():
    for _ in range(20):
        with engine.begin() as connection:
            connection.execute(sa.update(Book).where(Book.id == 1).values(price=Book.price + 1))


threads = [threading.Thread(target=raise_prices) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with engine.connect() as connection:
    attempt("raised", lambda: connection.execute(sa.select(Book.price).where(Book.id == 1)).scalar())

print(json.dumps(seen, ensure_ascii=False, indent=1, default=str))
