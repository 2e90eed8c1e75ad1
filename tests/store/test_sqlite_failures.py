"""R-6, R-19: what SQLite does when the disk is full, broken, slow or taken."""

import asyncio
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ostiary.clock import SystemClock
from ostiary.oauth.effects import Conflict, Count, Emit, Insert, Unavailable
from ostiary.store import Store, open_store
from ostiary.store.engine import query
from ostiary.store.plan import plan
from ostiary.store.sqlite import engine as sqlite_engine
from ostiary.store.sqlite import writer as sqlite_writer
from ostiary.store.sqlite.commit import Committer
from ostiary.store.sqlite.step import Job, Step
from ostiary.store.sqlite.turn import Turn
from support import records
from support.process import clean_environment
from support.records import NOW

TESTS = Path(__file__).parents[1]


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def impatient(monkeypatch):
    """Give up on a disk that does not answer sooner than in seconds."""
    monkeypatch.setattr(sqlite_writer, "_PATIENCE", 0.3)
    monkeypatch.setattr(sqlite_writer, "_WATCH_EVERY", 0.05)
    monkeypatch.setattr(sqlite_engine, "_WRITE_WAIT", 0.1)


def events(count: int):
    return tuple(Emit(records.event(f"e{n}", user_agent="x" * 3000)) for n in range(count))


def limit_pages(store: Store, pages: int) -> None:
    """Make the database as large as it may get: the answer of a full disk, by SQLite itself."""
    connection = store._engine._writer._committer._connection
    connection.execute(f"PRAGMA max_page_count = {pages}")


class TestFullDisk:
    """A full disk is 503 for whoever writes, and over when there is room again."""

    async def test_refuses_a_step_whole_and_recovers(self, store):
        await store.apply((Emit(records.event("before")),))
        before = await store.counts()
        limit_pages(store, 1)
        for _ in range(3):
            with pytest.raises(Unavailable, match="full"):
                await store.apply((Insert(records.setup_token()), *events(40)))
        assert await store.counts() == before
        assert await store.client("shop-web") is not None
        limit_pages(store, 1_000_000)
        await store.apply((Insert(records.setup_token()), *events(40)))
        assert (await store.counts())["events"] == before["events"] + 40

    async def test_fails_all_steps_of_a_group(self, store):
        limit_pages(store, 1)
        ends = await asyncio.gather(
            *(store.apply(events(5)) for _ in range(20)), return_exceptions=True
        )
        assert {type(end) for end in ends} == {Unavailable}
        limit_pages(store, 1_000_000)
        assert (await store.counts())["events"] == 0

    def test_of_files_that_may_not_grow(self, url, path):
        asyncio.run(self.fill(url))
        result = subprocess.run(
            [sys.executable, "-m", "support.starved", url],
            env=clean_environment(PYTHONPATH=str(TESTS)),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert json.loads(result.stdout) == {
            "before": "done",
            "during": ["unavailable"] * 3,
            "read": True,
            "after": "done",
            "events": ["after", "before"],
            "codes": 2,
        }

    @staticmethod
    async def fill(url: str) -> None:
        async with await open_store(url, SystemClock()) as store:
            await store.apply(records.place())


class TestFailedSync:
    """After a failed fsync nobody knows what the disk holds: the process ends."""

    class Broken(sqlite3.Connection):
        """A connection whose commits fail as they do when the disk's cache is lost."""

        def execute(self, sql, *values):
            if sql == "COMMIT":
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
                raise error
            return super().execute(sql, *values)

    def test_ends_the_process_before_anybody_is_told(self, tmp_path):
        connection = sqlite3.connect(":memory:", isolation_level=None, factory=self.Broken)
        connection.execute("CREATE TABLE login_names (name TEXT, user_id TEXT)")
        step = Step(plan((Insert(records.login_name()),)), None)
        told: list[tuple[str, Exception | None]] = []
        committer = Committer(
            connection, Turn(tmp_path / "x"), lambda reason: told.append((reason, step.error))
        )
        committer.commit([step])
        committer.close()
        assert [error for _, error in told] == [None]
        assert "fsync" in told[0][0]
        assert isinstance(step.error, Unavailable)

    @pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
    def test_ends_a_real_process(self, url, tmp_path):
        program = (
            "import asyncio, sys\n"
            "from ostiary.clock import SystemClock\n"
            "from ostiary.oauth.effects import Emit\n"
            "from ostiary.store import open_store\n"
            "from support import records\n"
            "async def main():\n"
            "    store = await open_store(sys.argv[1], SystemClock())\n"
            "    for n in range(50):\n"
            "        await store.apply((Emit(records.event(f'e{n}')),))\n"
            "        print(n, flush=True)\n"
            "asyncio.run(main())\n"
        )
        inject = "--inject=fdatasync,fsync:error=EIO:when=4+"
        result = subprocess.run(
            ["strace", "-f", "-qq", "-o", tmp_path / "trace", "-e", "fdatasync,fsync", inject,
             sys.executable, "-c", program, url],
            env=clean_environment(PYTHONPATH=str(TESTS)),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )  # fmt: skip
        if "Operation not permitted" in result.stderr:
            pytest.skip("strace may not trace here")
        assert result.returncode == 74, result.stderr
        assert "fsync of the database failed" in result.stderr
        acknowledged = len(result.stdout.split())
        assert 0 < acknowledged < 50
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            (stored,) = database.execute("SELECT count(*) FROM events").fetchone()
            assert stored >= acknowledged
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class TestSlowDisk:
    """Who waits too long is told so, and the queue stays bounded."""

    async def test_gives_up_on_steps_and_recovers(self, impatient, store, path):
        with path.with_name(f"{path.name}-turn").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            waiting = [asyncio.ensure_future(store.apply(events(1))) for _ in range(5)]
            ends = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(end) for end in ends} == {Unavailable}
            with pytest.raises(Unavailable, match="keep up"):
                await store.apply(events(1))
            assert await store.user("alice") is not None
        async with asyncio.timeout(20):
            while True:
                try:
                    await store.apply((Emit(records.event("back")),))
                    break
                except Unavailable:
                    await asyncio.sleep(0.01)
        # What was given up before the thread began with it is not done afterwards.
        assert [event.type for _, event in await store.events()] == ["back"]

    async def test_bounds_the_queue(self, monkeypatch, store, path):
        monkeypatch.setattr(sqlite_writer, "_QUEUE_LIMIT", 3)
        with path.with_name(f"{path.name}-turn").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            waiting = [asyncio.ensure_future(store.apply(events(1))) for _ in range(5)]
            await asyncio.sleep(0)
            done, pending = await asyncio.wait(waiting, timeout=0.2)
            assert (len(done), len(pending)) == (2, 3)
            assert all(isinstance(task.exception(), Unavailable) for task in done)
        await asyncio.gather(*pending)

    async def test_waits_for_the_lock_of_another_program(self, impatient, open_another, path):
        store = await open_another()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="locked"):
                await store.apply((Emit(records.event()),))
            other.execute("ROLLBACK")
        await store.apply((Emit(records.event()),))
        assert (await store.counts())["events"] == 1


class TestLists:
    """Lists are read beside the event loop, and not for ever."""

    endless = query(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    )

    async def test_end_at_their_limit(self, monkeypatch, store):
        monkeypatch.setattr(sqlite_engine, "_LISTING_LIMIT", 0.05)
        with pytest.raises(Unavailable, match="interrupted"):
            await store._engine.listing(self.endless)
        monkeypatch.undo()
        assert len(await store.list_users(None, "", 10)) == 1

    async def test_do_not_stop_the_loop(self, monkeypatch, store):
        monkeypatch.setattr(sqlite_engine, "_LISTING_LIMIT", 0.3)
        listing = asyncio.ensure_future(store._engine.listing(self.endless))
        await asyncio.sleep(0.02)
        await store.apply((Emit(records.event()),))
        assert await store.user("alice") is not None
        assert not listing.done()
        with pytest.raises(Unavailable):
            await listing


class TestClosing:
    """A closed store has finished what was begun, and does no more."""

    async def test_commits_what_waits(self, store, open_another):
        waiting = [asyncio.ensure_future(store.apply(events(1))) for _ in range(50)]
        await asyncio.sleep(0)
        await store.close()
        assert await asyncio.gather(*waiting) == [None] * 50
        assert (await (await open_another()).counts())["events"] == 50

    async def test_refuses_what_comes_later(self, store):
        await store.close()
        for late in (
            store.apply(events(1)),
            store.user("alice"),
            store.sessions("browser"),
            store.client("shop-web"),
            store.list_users(None, "", 1),
            store.schema_version(),
            store.check(),
        ):
            with pytest.raises(Unavailable):
                await late

    async def test_twice_is_as_good_as_once(self, store):
        await store.close()
        await store.close()


class TestTurn:
    """Who waits comes before who has just written."""

    def test_is_taken_in_order(self, tmp_path):
        path = tmp_path / "x"
        mine, theirs = Turn(path), Turn(path)
        order: list[str] = []

        def wait() -> None:
            with theirs:
                order.append("theirs")

        with mine:
            thread = threading.Thread(target=wait)
            thread.start()
            self.until_taken(path.with_name("x-queue"))
        with mine:
            order.append("mine")
        thread.join()
        assert order == ["theirs", "mine"]
        mine.close()
        theirs.close()

    @staticmethod
    def until_taken(path: Path) -> None:
        with path.open() as queue:
            while True:
                try:
                    fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                fcntl.flock(queue, fcntl.LOCK_UN)

    def test_ends_with_its_process(self, tmp_path):
        program = (
            "import os, pathlib, sys\n"
            "from ostiary.store.sqlite.turn import Turn\n"
            "with Turn(pathlib.Path(sys.argv[1])):\n"
            "    os._exit(0)\n"
        )
        subprocess.run([sys.executable, "-c", program, tmp_path / "x"], check=True, timeout=30)
        turn = Turn(tmp_path / "x")
        with turn:
            pass
        turn.close()


class TestCommitter:
    """Groups of steps, as the writer's thread sees them."""

    @pytest.fixture
    def committer(self, url, path, tmp_path):
        connection = sqlite3.connect(path, isolation_level=None, factory=self.Lying)
        connection.execute("PRAGMA foreign_keys = ON")
        committer = Committer(connection, Turn(tmp_path / "x"), pytest.fail)
        committer.commit([Step(plan((*records.place(), *records.sign_in())), None)])
        yield committer
        committer.close()

    class Lying(sqlite3.Connection):
        """A connection whose cursors count rows as no driver should."""

        def cursor(self, factory=None):
            return super().cursor(TestCommitter.LyingCursor)

        def execute(self, sql, values=()):
            return self.cursor().execute(sql, values)

    class LyingCursor(sqlite3.Cursor):
        rowcount = property(lambda self: TestCommitter.lie)

    lie = 2

    @pytest.mark.parametrize("lie", [2, -1, 0])
    def test_gates_do_not_hang_on_a_row_count(self, monkeypatch, committer, lie):
        # CO-10
        monkeypatch.setattr(TestCommitter, "lie", lie)
        step = plan((Count("key", 1, 60, NOW), Emit(records.event())))
        group = [Step(step, None) for _ in range(4)]
        committer.commit(group)
        assert [type(step.error) for step in group] == [type(None), Conflict, Conflict, Conflict]

    def test_a_step_that_nobody_waits_for_is_left_out(self, committer):
        steps = [Step(plan((Insert(records.family(bytes([n]))),)), None) for n in range(3)]
        steps[1].abandoned = True
        committer.commit(steps)
        job = Job(lambda c: c.execute("SELECT id FROM refresh_families").fetchall(), None)
        committer.commit([job])
        assert job.result == [(b"\x00",), (b"\x02",)]

    def test_a_job_that_fails_tells_its_own_caller(self, committer):
        def fail(connection):
            connection.execute("INSERT INTO counters (key) VALUES ('x')")

        def succeed(connection):
            return "done"

        jobs = [Job(fail, None), Job(succeed, None)]
        committer.commit(jobs)
        assert isinstance(jobs[0].error, sqlite3.IntegrityError)
        assert (jobs[1].error, jobs[1].result) == (None, "done")


def test_the_exit_code_of_a_failed_sync_is_that_of_an_io_error():
    assert sqlite_writer._EXIT_IO_ERROR == os.EX_IOERR
