"""The tables hold what the records are made of, on both engines alike."""

import enum
import importlib
import pkgutil

import msgspec
import pytest

import ostiary.model
from ostiary.model.event import Event
from ostiary.model.record import Record, Versioned
from ostiary.store.codec import EVENT_COLUMNS, codec_of, decode_event, encode_event
from ostiary.store.engine import query
from ostiary.store.tables import TABLES
from support import records


def record_types() -> set[type[Record]]:
    for module in pkgutil.iter_modules(ostiary.model.__path__):
        importlib.import_module(f"ostiary.model.{module.name}")
    kinds = {*Record.__subclasses__(), *Versioned.__subclasses__()}
    return {kind for kind in kinds if kind.__module__.startswith("ostiary.")} - {Versioned}


def test_every_record_has_a_table():
    assert record_types() - {Event} == {table.record for table in TABLES}


def test_an_event_has_its_own_columns():
    assert set(EVENT_COLUMNS) == set(Event.__struct_fields__)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
class TestTable:
    """Each table against its record."""

    def test_columns_are_fields(self, table):
        fields = set(table.record.__struct_fields__)
        assert set(table.columns) <= fields
        assert set(table.key) <= set(table.columns)
        assert set(table.revocation) <= set(table.columns)
        assert ("version" in table.columns) == issubclass(table.record, Versioned)

    def test_columns_can_be_stored(self, table):
        types = {field.name: field.type for field in msgspec.structs.fields(table.record)}
        plain = {str, int, bytes, bool, str | None, int | None, bytes | None}
        for name in table.columns:
            kind = types[name]
            assert kind in plain or issubclass(kind, enum.StrEnum), name

    async def test_columns_are_those_of_the_database(self, table, bare, engine):
        if engine == "sqlite":
            columns = query("SELECT name, type FROM pragma_table_info(?1)")
        else:
            columns = query(
                "SELECT column_name, data_type FROM information_schema.columns "
                "WHERE table_schema = 'public' AND table_name = CAST(?1 AS text)"
            )
        found = dict(await bare._engine.listing(columns, table.name))
        assert set(found) == set(codec_of(table.record).columns)


def test_an_event_without_details_stores_none():
    assert encode_event(records.event())[-1] is None
    assert decode_event(encode_event(records.event())) == records.event()


def test_a_type_without_a_table_is_refused():
    with pytest.raises(TypeError, match="not stored"):
        codec_of(Event)


# Reads that a request waits for, by the table that must not be scanned for them.
KEYED = [
    ("SELECT * FROM sessions WHERE browser_id = ?1", "sessions_of_browser"),
    ("SELECT * FROM sessions WHERE user_id = ?1 AND id > ?1", "sessions_of_user"),
    ("SELECT * FROM grants WHERE session_id = ?1", "grants_of_session"),
    ("SELECT * FROM grants WHERE user_id = ?1 AND client_id = ?1", "grants_of_user"),
    ("SELECT * FROM refresh_families WHERE grant_id = ?1", "refresh_families_of_grant"),
    ("SELECT * FROM apis WHERE audience = ?1 AND state <> 'deleted'", "apis_by_audience"),
    ("SELECT * FROM apis WHERE organization_id = ?1 ORDER BY id", "apis_of_organization"),
    ("SELECT * FROM factors WHERE user_id = ?1 ORDER BY id", "factors_of_user"),
    ("SELECT * FROM trusted_devices WHERE user_id = ?1", "trusted_devices_of_user"),
    ("SELECT * FROM users WHERE organization_id = ?1 AND id > ?1", "users_of_organization"),
    (
        "SELECT 1 FROM interactions WHERE peer = ?1 AND consumed_at IS NULL AND expires_at > 1",
        "interactions_of_peer",
    ),
    (
        "SELECT 1 FROM interactions WHERE consumed_at IS NULL AND expires_at > 1",
        "interactions_waiting",
    ),
    ("SELECT 1 FROM authorization_codes WHERE expires_at <= 1", "authorization_codes_by_expiry"),
    ("SELECT * FROM tickets WHERE id = ?1", "tickets_by_id"),
    (
        "SELECT * FROM tickets WHERE user_id = ?1 AND purpose = 'x' ORDER BY id DESC LIMIT 1",
        "tickets_by_user",
    ),
    (
        "SELECT * FROM tickets WHERE flow = ?1 AND purpose = 'x' ORDER BY id DESC LIMIT 1",
        "tickets_by_flow",
    ),
    (
        "SELECT * FROM tickets WHERE organization_id = ?1 AND purpose = 'x' AND id > 'x'",
        "tickets_by_organization",
    ),
    ("SELECT 1 FROM tickets WHERE expires_at <= 1", "tickets_by_expiry"),
    ("SELECT 1 FROM burnt_values WHERE expires_at <= 1", "burnt_values_by_expiry"),
    ("SELECT * FROM events WHERE user_id = ?1 AND seq > 1", "events_of_user"),
]


@pytest.mark.parametrize(("text", "index"), KEYED, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_is_asked_by_key_is_found_by_index(bare, engine, text, index):
    """A cost that grows with the number of users, tokens or events is a bug."""
    plan = await bare._engine.listing(query(f"EXPLAIN QUERY PLAN {text}"), *["x"] * ("?1" in text))
    assert index in plan[0][-1]
    assert "SCAN" not in plan[0][-1]
