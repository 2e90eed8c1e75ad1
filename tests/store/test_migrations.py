"""The schema: brought up to date once, by whichever process comes first."""

import asyncio
import hashlib
import sqlite3
import stat
from contextlib import closing

import pytest

from ostiary.store import SchemaError, open_store
from ostiary.store.migrate import Applied, Migration, migrations, newest, pending
from ostiary.store.sqlite.connection import file_system_of, is_network, prepare_folder
from ostiary.store.sqlite.schema import split
from support import postgres


class TestMigrate:
    """Migrating, on both engines."""

    async def test_brings_an_empty_database_up_to_date(self, empty_url, engine, clock):
        async with await open_store(empty_url, clock) as store:
            assert await store.schema_version() == 0
            assert await store.migrate() == tuple(one.name for one in migrations(engine))
            assert await store.schema_version() == newest(engine)
            assert await store.revalidate() >= 1

    async def test_is_idempotent(self, bare, engine):
        before = await bare.configuration()
        assert await bare.migrate() == ()
        assert await bare.configuration() == before

    async def test_by_several_processes_at_once_is_done_once(self, empty_url, engine, clock):
        stores = [await open_store(empty_url, clock) for _ in range(5)]
        done = await asyncio.gather(*(store.migrate() for store in stores))
        assert sorted(map(len, done)) == [0, 0, 0, 0, len(migrations(engine))]
        assert {(await store.counts())["configuration"] for store in stores} == {1}
        for store in stores:
            await store.close()

    async def test_refuses_a_newer_schema(self, url, bare, engine, clock, request):
        insert = "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES "
        await bare.close()
        if engine == "sqlite":
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
                database.execute(f"{insert} (9999, '9999_future', 'x', 0)")
                database.commit()
        else:
            server: postgres.Cluster = request.getfixturevalue("cluster")
            server.execute(f"{insert} (9999, '9999_future', 'x', now())", url.rpartition("/")[2])
        with pytest.raises(SchemaError, match="newer version"):
            await open_store(url, clock)

    async def test_refuses_a_history_that_is_not_its_own(self, url, bare, engine, request):
        forge = "UPDATE schema_migrations SET checksum = 'forged' WHERE number = 1"
        if engine == "sqlite":
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
                database.execute(forge)
                database.commit()
        else:
            request.getfixturevalue("cluster").execute(forge, url.rpartition("/")[2])
        with pytest.raises(SchemaError, match="0001_initial"):
            await bare.migrate()


class TestPending:
    """Which migrations a database needs."""

    known = tuple(Migration(n, f"{n:04}_x", f"SELECT {n}") for n in (1, 2, 3))

    def applied(self, *numbers: int) -> list[Applied]:
        return [
            Applied(one.number, one.name, one.checksum)
            for one in self.known
            if one.number in numbers
        ]

    def test_are_those_after_the_last(self):
        assert pending(self.known, self.applied()) == self.known
        assert pending(self.known, self.applied(1, 2)) == self.known[2:]
        assert pending(self.known, self.applied(1, 2, 3)) == ()

    def test_checksum_is_that_of_the_text(self):
        assert self.known[0].checksum == hashlib.sha256(b"SELECT 1").hexdigest()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_migrations_are_numbered_in_order(engine):
    found = migrations(engine)
    numbers = [one.number for one in found]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))
    assert all(one.name.startswith(f"{one.number:04}_") for one in found)


def test_both_engines_have_the_same_migrations():
    assert [one.name for one in migrations("sqlite")] == [
        one.name for one in migrations("postgres")
    ]


def test_a_script_is_split_where_its_statements_end():
    script = (
        "-- a; comment\nCREATE TRIGGER t AFTER INSERT ON x\nBEGIN\n SELECT 1;\nEND;\nSELECT ';';\n"
    )
    assert [text.split()[-1] for text in split(script)] == ["END;", "';';"]


class TestUrl:
    """What names a database."""

    @pytest.mark.parametrize("url", ["", "ostiary.db", "mysql://x/y", "sqlite:x", "postgres"])
    async def test_of_no_engine_is_refused(self, url, clock):
        with pytest.raises(ValueError, match="sqlite:///path"):
            await open_store(url, clock)


class TestFile:
    """Where a SQLite database may be."""

    async def test_is_readable_by_its_owner_alone(self, tmp_path, clock):
        path = tmp_path / "ostiary.db"
        async with await open_store(f"sqlite:///{path}", clock) as store:
            await store.migrate()
            files = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
        names = ("", "-wal", "-shm", "-queue", "-turn")
        assert files == {f"ostiary.db{name}": 0o600 for name in names}

    async def test_holds_everything_once_it_is_closed(self, tmp_path, clock):
        path = tmp_path / "ostiary.db"
        async with await open_store(f"sqlite:///{path}", clock) as store:
            await store.migrate()
        assert not path.with_name("ostiary.db-wal").exists()
        copy = tmp_path / "copy.db"
        copy.write_bytes(path.read_bytes())
        async with await open_store(f"sqlite:///{copy}", clock) as store:
            assert await store.schema_version() == newest("sqlite")

    async def test_in_a_folder_that_is_missing_is_refused(self, tmp_path, clock):
        with pytest.raises(SchemaError, match="does not exist"):
            await open_store(f"sqlite:///{tmp_path / 'nowhere' / 'ostiary.db'}", clock)

    async def test_that_is_something_else_is_refused_and_left_alone(self, tmp_path, clock):
        path = tmp_path / "letter.txt"
        path.write_text("Dear Alice, " * 1000)
        with pytest.raises(SchemaError, match="not a SQLite database"):
            await open_store(f"sqlite:///{path}", clock)
        assert path.read_text() == "Dear Alice, " * 1000

    async def test_that_is_a_folder_is_refused(self, tmp_path, clock):
        with pytest.raises(SchemaError, match="cannot be written"):
            await open_store(f"sqlite:///{tmp_path}", clock)

    @pytest.mark.parametrize(
        "name", ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.s3fs", "virtiofs"]
    )
    def test_is_not_on_a_network(self, name):
        assert is_network(name)

    @pytest.mark.parametrize(
        "name", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.ntfs-3g"]
    )
    def test_is_on_a_disk(self, name):
        assert not is_network(name)

    def test_is_found_on_its_file_system_by_device(self, tmp_path):
        device = tmp_path.stat().st_dev
        number = f"{device >> 8 & 0xFFF}:{device & 0xFF | device >> 12 & ~0xFF}"
        mounts = (
            "22 1 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw\n"
            f"30 1 {number} / / rw,relatime shared:1 master:9 - nfs4 server:/x rw\n"
        )
        assert file_system_of(tmp_path, mounts) == "nfs4"
        assert file_system_of(tmp_path, "22 1 0:0 / /dev rw - devtmpfs udev rw\n") is None

    def test_on_a_network_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr("ostiary.store.sqlite.connection.file_system_of", lambda *_: "nfs4")
        with pytest.raises(SchemaError, match=r"network file system \(nfs4\)"):
            prepare_folder(tmp_path / "ostiary.db")

    def test_of_an_old_library_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 31, 0))
        with pytest.raises(SchemaError, match="too old"):
            prepare_folder(tmp_path / "ostiary.db")


class TestCheck:
    """What `doctor` and readiness are told."""

    async def test_of_a_healthy_database(self, bare, engine):
        check = await bare.check()
        assert check.schema_version == check.known_version == newest(engine)
        assert check.writable
        assert check.skew == 0.0
        names = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
        assert check.details["engine"] == names[engine]
        assert {"sqlite": 2, "postgres": "on"}[engine] in check.details.values()

    async def test_of_an_empty_database(self, empty_url, clock):
        async with await open_store(empty_url, clock) as store:
            check = await store.check()
            assert (check.schema_version, check.writable) == (0, False)


async def test_a_relative_path_is_relative(tmp_path, clock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with await open_store("sqlite:///here.db", clock) as store:
        await store.migrate()
        assert await store.schema_version() == newest("sqlite")
    assert {one.name for one in tmp_path.iterdir()} == {"here.db", "here.db-queue", "here.db-turn"}
