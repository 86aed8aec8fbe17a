"""What Python's sqlite3 and psycopg say of a database, and do in a twin of it, for the acts of DifferentialTests.swift."""

import json
import os
import sqlite3
import urllib.request

import acts

KIND = os.environ["KIND"]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def connect(name):
    if KIND == "sqlite":
        return sqlite3.connect(os.environ[name], isolation_level=None)
    import psycopg

    return psycopg.connect(os.environ[name], autocommit=True)


READ = connect("DATABASE")
TWIN = connect("TWIN")


def act(name):
    def mark(function):
        def answer():
            data = json.dumps(function()).encode()
            opener.open(urllib.request.Request(f"{acts.URL}/answer", data, {"Content-Type": "application/json"}), timeout=20).read()

        acts.act(name)(answer)
        return function

    return mark


def ask(database, sql):
    cursor = database.cursor()
    cursor.execute(sql)
    return [column[0] for column in cursor.description], [list(row) for row in cursor.fetchall()]


def records(database, sql):
    columns, rows = ask(database, sql)
    return [dict(zip(columns, row)) for row in rows]


@act("list_tables")
def list_tables():
    if KIND == "sqlite":
        return [row[0] for row in ask(READ, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")[1]]
    return [row[0] for row in ask(READ, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")[1]]


@act("describe_table")
def describe_table():
    return ask(READ, "SELECT * FROM orders LIMIT 0")[0]


@act("query")
def query():
    columns, rows = ask(READ, os.environ["SQL"])
    return {"columns": columns, "rows": rows}


@act("list_rows")
def list_rows():
    return records(READ, "SELECT * FROM orders WHERE amount >= 3 AND owner <> 'cy' ORDER BY amount DESC, id DESC LIMIT 5")


@act("insert_row")
def insert_row():
    ask(TWIN, "INSERT INTO drafts(id, text) VALUES (4, 'four: it''s') RETURNING id")
    return records(TWIN, "SELECT * FROM drafts WHERE id = 4")[0]


@act("update_row")
def update_row():
    ask(TWIN, "UPDATE drafts SET text = 'two', done = 1 WHERE id = 2 RETURNING id")
    return records(TWIN, "SELECT * FROM drafts WHERE id = 2")[0]


@act("delete_row")
def delete_row():
    return len(ask(TWIN, "DELETE FROM drafts WHERE id = 3 RETURNING id")[1]) == 1


@act("afterwards")
def afterwards():
    """The changed table as both have left it."""
    return [records(database, "SELECT * FROM drafts ORDER BY id") for database in (READ, TWIN)]


acts.run()
