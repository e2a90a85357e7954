"""What asyncpg makes of a database, as one JSON document. It speaks the protocol by itself, in binary."""

import asyncio
import datetime
import decimal
import json
import os
import ssl

import asyncpg

seen = []


def note(what, value):
    seen.append([what, value])


async def attempt(what, awaitable):
    try:
        note(what, str(await awaitable))
    except asyncpg.PostgresError as error:
        note(what, [type(error).__name__, error.sqlstate, error.severity, str(error), error.detail])


async def rows_and_errors(connection):
    await connection.execute(
        "create type mood as enum ('good', 'bad'); create table person (id int primary key, name text, tags text[],"
        " worth numeric, born timestamptz, mood mood, span int4range)"
    )
    born = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    person = (1, "Ærø 🦊", ["a b", None], decimal.Decimal("1.50"), born, "good", asyncpg.Range(1, 5))
    insert = "insert into person values ($1, $2, $3, $4, $5, $6, $7) returning *"
    await attempt("insert", connection.fetch(insert, *person))
    await attempt("doubled", connection.fetch(insert, *person))
    await attempt("syntax", connection.fetch("selekt"))
    await connection.executemany("insert into person (id, name) values ($1, $2)", [(n, f"person {n}") for n in range(2, 500)])
    statement = await connection.prepare("select id, name from person where id between $1 and $2 order by id")
    note("types", [str(attribute.type.name) for attribute in statement.get_attributes()])
    for low in (1, 100, 480):
        await attempt("prepared", statement.fetch(low, low + 2))
    await connection.execute("alter table person add column later int default 7")
    await attempt("plan changed", connection.fetch("select * from person where id = $1", 2))


async def transactions(connection):
    async with connection.transaction(isolation="serializable"):
        await connection.execute("update person set name = 'outer' where id = 1")
        try:
            async with connection.transaction():
                await connection.execute("select 1 / 0")
        except asyncpg.DivisionByZeroError:
            note("savepoint", "taken back")
        total = 0
        async for record in connection.cursor("select id from person order by id", prefetch=50):
            total += record["id"]
        note("cursor", total)
    await attempt("outer", connection.fetchval("select name from person where id = 1"))


async def copies(connection):
    records = [(n, f"copied\t{n}") for n in range(1000, 6000)]
    note("copied in", await connection.copy_records_to_table("person", records=records, columns=["id", "name"]))
    chunks = []

    async def keep(chunk):
        chunks.append(len(chunk))

    note("copied out", await connection.copy_from_query("select id, name from person", output=keep, format="csv"))
    note("bytes", sum(chunks))


async def session(connection):
    heard = asyncio.Queue()
    notices = []
    await connection.add_listener("news", lambda _, process_id, channel, payload: heard.put_nowait([channel, payload]))
    connection.add_log_listener(lambda _, message: notices.append(message.message))
    await connection.execute("do $$ begin raise notice 'hear'; end $$")
    await connection.execute("notify news, 'payload'")
    note("notification", await asyncio.wait_for(heard.get(), 10))
    await asyncio.sleep(0)
    note("notices", notices)
    await connection.execute("set timezone to 'Asia/Tokyo'")
    note("parameter", connection.get_settings().TimeZone)
    try:
        await connection.execute("select pg_sleep(60)", timeout=1)
    except asyncio.TimeoutError:
        note("timeout", "cancelled")
    await attempt("after timeout", connection.fetchval("select 1"))
    await connection.reset()
    await attempt("reset", connection.fetchval("show timezone"))


async def pool(settings):
    async with asyncpg.create_pool(**settings, min_size=1, max_size=5) as connections:

        async def count(n):
            async with connections.acquire() as connection, connection.transaction():
                await connection.execute("set local application_name to 'in a transaction'")
                return await connection.fetchval("select $1::int * 2", n)

        note("pool", await asyncio.gather(*(count(n) for n in range(40))))
        note("left", await connections.fetchval("select current_setting('application_name') = 'in a transaction'"))


async def main():
    context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
    settings = {"ssl": context}
    connection = await asyncpg.connect(**settings)
    try:
        for part in (rows_and_errors, transactions, copies, session):
            await part(connection)
    finally:
        await connection.close()
    await pool(settings)


asyncio.run(main())
print(json.dumps(seen, ensure_ascii=False, indent=1))
