"""What psycopg 3 makes of a database, as one JSON document. The connection comes from libpq's variables."""

import decimal
import json
import threading
import time

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

seen = []


def note(what, value):
    seen.append([what, value])


def attempt(what, work):
    try:
        note(what, work())
    except psycopg.Error as error:
        diagnosis = error.diag
        note(what, [type(error).__name__, error.sqlstate, diagnosis.severity, diagnosis.message_primary, diagnosis.message_detail])


def fetch(connection, query, values=None, **options):
    return [[str(value) for value in row] for row in connection.execute(query, values, **options).fetchall()]


def rows_and_errors(connection):
    connection.execute("create table person (id int primary key, name text, data jsonb, worth numeric, image bytea)")
    insert = "insert into person values (%s, %s, %s, %s, %s) returning *"
    person = (1, "Ærø 🦊", Jsonb({"a": [1, None]}), decimal.Decimal("1.50"), b"\x00\xff")
    attempt("insert", lambda: fetch(connection, insert, person))
    connection.commit()
    attempt("binary", lambda: fetch(connection, "select * from person", binary=True))
    attempt("doubled", lambda: fetch(connection, insert, person))
    attempt("aborted", lambda: fetch(connection, "select 1"))
    connection.rollback()
    attempt("after rollback", lambda: fetch(connection, "select count(*) from person"))
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.executemany("insert into person (id, name) values (%s, %s)", [(n, f"person {n}") for n in range(2, 50)])
        note("executemany", cursor.rowcount)
        for n in range(12):
            # From the fifth time on, psycopg prepares the statement on the server.
            cursor.execute("select name from person where id = %s", (n,))
            note("prepared", cursor.fetchall())
    connection.commit()


def transactions(connection):
    with connection.transaction():
        connection.execute("update person set name = 'outer' where id = 1")
        try:
            with connection.transaction():
                connection.execute("update person set name = 'inner' where id = 1")
                raise RuntimeError
        except RuntimeError:
            pass
    attempt("nested", lambda: fetch(connection, "select name from person where id = 1"))
    with connection.cursor(name="by name") as cursor:
        cursor.itersize = 7
        cursor.execute("select id from person order by id")
        note("named cursor", [row[0] for row in cursor])
        cursor.scroll(0, mode="absolute")
        note("scrolled", [row[0] for row in cursor.fetchmany(3)])
    connection.rollback()


def copies(connection):
    connection.execute("create table line (n int, text text, day date)")
    with connection.cursor() as cursor:
        with cursor.copy("copy line from stdin") as copy:
            for n in range(10000):
                copy.write_row((n, "tab\tand\nline" if n % 3 else None, "2026-01-01"))
        with cursor.copy("copy line (n, text) to stdout (format binary)") as copy:
            copy.set_types(["int4", "text"])
            note("copied", sum(row[0] for row in copy.rows()))
        try:
            with cursor.copy("copy line (n) from stdin") as copy:
                copy.write("not a number\n")
        except psycopg.Error as error:
            note("copy refused", [error.sqlstate, error.diag.context])
        connection.rollback()


def pipelines(connection):
    connection.autocommit = True
    with connection.pipeline() as pipeline:
        cursors = [connection.execute("select %s::int", (n,)) for n in range(50)]
        pipeline.sync()
        note("pipelined", [cursor.fetchone()[0] for cursor in cursors])
    outcomes = []
    try:
        with connection.pipeline():
            for divisor in (1, 0, 2):
                outcomes.append(connection.execute("select 10 / %s::int", (divisor,)))
    except psycopg.Error as error:
        note("pipeline aborted", [type(error).__name__, error.sqlstate])
    attempt("after pipeline", lambda: fetch(connection, "select 1"))


def cancel_when_asleep(connection):
    asleep = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"
    with psycopg.connect(autocommit=True) as watch:
        while watch.execute(asleep).fetchone()[0] == 0:
            time.sleep(0.02)
    connection.cancel()


def cancellation(connection):
    canceller = threading.Thread(target=cancel_when_asleep, args=(connection,))
    canceller.start()
    attempt("cancelled", lambda: fetch(connection, "select pg_sleep(60)"))
    canceller.join()
    attempt("after cancel", lambda: fetch(connection, "select 1"))


def session(connection):
    notices = []
    connection.add_notice_handler(lambda diagnosis: notices.append([diagnosis.severity, diagnosis.message_primary]))
    connection.execute("do $$ begin raise notice 'hear'; end $$")
    note("notices", notices)
    heard = []
    connection.add_notify_handler(lambda notify: heard.append([notify.channel, notify.payload]))
    connection.execute("listen news")
    connection.execute("notify news, 'payload'")
    connection.execute("select 1")
    note("notification", heard)
    attempt("set", lambda: connection.execute("set timezone to 'Asia/Tokyo'") and connection.info.parameter_status("TimeZone"))
    attempt("shown", lambda: fetch(connection, "show timezone"))
    attempt("temporary", lambda: connection.execute("create temp table mine as select 1 as n") and fetch(connection, "table mine"))
    attempt("status", lambda: [connection.info.encoding, connection.info.parameter_status("standard_conforming_strings")])
    name = sql.Identifier('a "quoted" name')
    attempt("identifier", lambda: fetch(connection, sql.SQL("select 1 as {}").format(name)))


with psycopg.connect() as connection:
    rows_and_errors(connection)
    transactions(connection)
    copies(connection)
    pipelines(connection)
    cancellation(connection)
    session(connection)

print(json.dumps(seen, ensure_ascii=False, indent=1, default=str))
