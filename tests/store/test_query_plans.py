"""What a read costs does not grow with what is stored: SQLite finds each row by an index."""

import importlib
import pkgutil
import re
import sqlite3
from importlib.resources import files

import pytest

import ostiary.store.reads
from ostiary.store.engine import Query
from ostiary.store.reads import traces
from ostiary.store.reads.events import _page

# Tables with a handful of rows, and the rows that a statement was given or has found by index.
SMALL = {
    *("signing_keys", "instance_keys", "configuration", "json_each"),
    *("waiting", "holders", "CONSTANT"),
}


def queries():
    for module in pkgutil.iter_modules(ostiary.store.reads.__path__, "ostiary.store.reads."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Query):
                yield pytest.param(value.sqlite, id=f"{module.name.rpartition('.')[2]}.{name}")


@pytest.fixture(scope="module")
def database():
    migrations = files("ostiary.store") / "migrations" / "sqlite"
    database = sqlite3.connect(":memory:")
    for migration in sorted(migrations.iterdir(), key=lambda file: file.name):
        database.executescript(migration.read_text(encoding="utf-8"))
    yield database
    database.close()


@pytest.mark.parametrize("statement", list(queries()))
def test_reads_go_by_index(database, statement):
    named = re.findall(r"(?:FROM|JOIN) (\w+) (?:AS )?(\w+)", statement)
    aliases = {alias: table for table, alias in named}
    values = [None] * max((int(mark) for mark in re.findall(r"\?(\d+)", statement)), default=0)
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    for step in plan:
        assert not step.startswith("MATERIALIZE"), plan
        # An index of the few rows that are wanted is read as a whole.
        if step.startswith("SCAN") and not step.endswith("USING INDEX clients_with_legacy"):
            name = step.split()[1]
            assert aliases.get(name, name) in SMALL, plan


@pytest.mark.parametrize("backwards", [True, False])
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (("user_id",), "events_of_user (user_id=? AND seq"),
        (("client_id", "until"), "events_of_client (client_id=? AND seq"),
        (("organization_id", "since"), "events_of_organization (organization_id=? AND seq"),
        (("type",), "events_of_type (type=? AND seq"),
        (("ip", "until"), "events_of_address (ip=? AND seq"),
        (("organization_id", "type"), "events_of_organization_by_type ("),
        (("since", "until"), "INTEGER PRIMARY KEY (rowid"),
    ],
)
def test_events_go_by_index(database, filters, index, backwards):
    statement = _page(filters, None, backwards=backwards).sqlite
    plan = [
        row[3]
        for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", [1] * (2 + len(filters)))
    ]
    assert len(plan) == 1
    assert index in plan[0]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ((), "traces_by_time ((at,turn,id)<"),
        (("client_id",), "traces_of_client (client_id=? AND (at,turn,id)<"),
        (("project_id",), "traces_of_project (project_id=? AND (at,turn,id)<"),
        (
            ("organization_id", "outcome"),
            "traces_of_organization (organization_id=? AND (at,turn,id)<",
        ),
    ],
)
def test_traces_go_by_index(database, filters, index):
    statement = traces._page(filters).sqlite
    values = [1] * (4 + len(filters))
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert len(plan) == 1
    assert index in plan[0]


@pytest.mark.parametrize("name", ["flow", "grant_id", "session_id"])
def test_hops_are_found_by_index(database, name):
    statement = traces._BY_LINK[name].sqlite
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", ["x"])]
    assert f"({name}=?)" in plan[0]


@pytest.fixture(scope="module")
def monotonous(cluster, template):
    """A database of PostgreSQL that knows of events of one kind alone."""
    name = cluster.create(template)
    cluster.execute(
        "INSERT INTO events (at, type, actor_type, client_id, ip, user_agent, trace_id, result, "
        "details) SELECT n, 'auth.login.failure', 'user', 'shop', '192.0.2.1', '', '', "
        "'success', '{}' FROM generate_series(1, 20000) n",
        name,
    )
    cluster.execute("VACUUM ANALYZE events", name)
    return lambda statement: cluster.execute(statement, name)


@pytest.mark.parametrize("backwards", [True, False])
@pytest.mark.parametrize(
    ("filters", "values", "index"),
    [
        (("ip",), "'198.51.100.7'", "events_of_address"),
        (("type",), "'key.revoked'", "events_of_type"),
        (("client_id", "until"), "'other', 5", "events_of_client"),
    ],
)
def test_postgresql_looks_for_rare_events_by_index(monotonous, filters, values, index, backwards):
    """Also where all that it knows of have another value, and it expects many that fit."""
    statement = _page(filters, None, backwards=backwards).postgres
    plan = monotonous(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
        f"PREPARE page AS {statement}; EXPLAIN EXECUTE page(10000, 100, {values})"
    )
    assert f"using {index} on" in plan
