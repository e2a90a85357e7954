"""What psycopg2 makes of a database, as one JSON document. The connection comes from libpq's variables."""

import io
import json
import threading
import time

import psycopg2
import psycopg2.extensions
import psycopg2.extras

seen = []


def note(what, value):
    seen.append([what, value])


def attempt(what, cursor, query, values=None):
    try:
        cursor.execute(query, values)
        rows = [[str(value) for value in row] for row in cursor.fetchall()] if cursor.description else None
        note(what, [cursor.statusmessage, cursor.rowcount, rows])
    except psycopg2.Error as error:
        note(what, [type(error).__name__, error.pgcode, error.pgerror])


connection = psycopg2.connect("")
cursor = connection.cursor()
attempt("create", cursor, "create table person (id int primary key, name text, tags text[], born timestamptz)")
attempt("insert", cursor, "insert into person values (%s, %s, %s, %s) returning *", (1, "Ærø 🦊", ["a b", None], "1970-01-01 00:00+00"))
connection.commit()
attempt("doubled", cursor, "insert into person (id) values (%s)", (1,))
attempt("aborted", cursor, "select 1")
note("state", connection.get_transaction_status())
connection.rollback()
psycopg2.extras.execute_values(cursor, "insert into person (id, name) values %s", [(n, f"person {n}") for n in range(2, 2000)])
attempt("several", cursor, "select 1; select 2, 3")
connection.commit()

with connection.cursor("by_name") as named:
    named.itersize = 100
    named.execute("select id from person order by id")
    note("named cursor", sum(row[0] for row in named))
connection.commit()

text = io.StringIO("".join(f"{n}\tcopied \\\\ {n}\n" for n in range(5000, 9000)))
cursor.copy_expert("copy person (id, name) from stdin", text)
out = io.StringIO()
cursor.copy_expert("copy (select id, name from person where id >= 5000 order by id) to stdout with csv", out)
note("copied", [len(out.getvalue()), out.getvalue()[:100]])
connection.rollback()

large = connection.lobject(0, "wb")
large.write(b"large " * 10000)
large.seek(6)
large.close()
note("large object", connection.lobject(large.oid, "rb").read(12).decode())
connection.rollback()

connection.set_session(isolation_level="SERIALIZABLE", readonly=True)
attempt("read only", cursor, "delete from person")
connection.rollback()
attempt("isolation", cursor, "show transaction_isolation")
connection.rollback()
connection.set_session(isolation_level="DEFAULT", readonly=False, autocommit=True)

attempt("notice", cursor, "do $$ begin raise notice 'hear'; end $$")
note("notices", connection.notices)
attempt("listen", cursor, "listen news")
attempt("notify", cursor, "notify news, 'payload'")
connection.poll()
note("notified", [[n.channel, n.payload] for n in connection.notifies])



def cancel_when_asleep():
    watch = psycopg2.connect("")
    watch.autocommit = True
    watcher = watch.cursor()
    asleep = 0
    while asleep == 0:
        time.sleep(0.02)
        watcher.execute("select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'")
        asleep = watcher.fetchone()[0]
    watch.close()
    connection.cancel()


canceller = threading.Thread(target=cancel_when_asleep)
canceller.start()
attempt("cancelled", cursor, "select pg_sleep(60)")
canceller.join()
attempt("set", cursor, "set timezone to 'Asia/Tokyo'")
note("parameter", connection.get_parameter_status("TimeZone"))
attempt("time", cursor, "select timestamptz '2026-01-01 00:00+00'")
attempt("encoding", cursor, "set client_encoding to latin1")
attempt("latin", cursor, "select 'é'::bytea::text, 'é'")
connection.set_client_encoding("UTF8")
attempt("unicode", cursor, "select 'Łódź'")
connection.close()

print(json.dumps(seen, ensure_ascii=False, indent=1))
