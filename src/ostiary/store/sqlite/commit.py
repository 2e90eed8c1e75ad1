"""Transactions of the writer's thread: many steps in one, and each of them all or none."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

from msgspec.structs import replace

from ostiary.oauth.effects import Conflict, Unavailable
from ostiary.store.codec import Values, scrub_event
from ostiary.store.plan import Kind, Part, Plan
from ostiary.store.sqlite.connection import unavailable
from ostiary.store.sqlite.statements import (
    EVENT_GROUPS,
    INSERT_EVENTS,
    RAISE_VERSION,
    REVOKE_GRANTS_OF_SESSION,
    statement,
)
from ostiary.store.sqlite.step import Job, Step
from ostiary.store.sqlite.turn import Turn

_log = logging.getLogger(__name__)

# Errors after which nobody knows what reached the disk: the kernel reports a failed fsync
# once, and then takes the lost pages for written.
_FSYNC_ERRORS = frozenset({"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"})

_UNIQUE_ERRORS = frozenset(
    {"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_ROWID"}
)


class _Refused(Exception):
    """A constraint refused a part."""

    def __init__(self, part: Part, error: sqlite3.IntegrityError) -> None:
        super().__init__(str(error))
        self.part = part
        self.error = error


# The errors that are about the values of one step, not about the database.
_STEP_ERRORS = (
    _Refused,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    OverflowError,
    UnicodeError,
)


class Committer:
    """The connection that writes. Used in the writer's thread alone."""

    def __init__(
        self, connection: sqlite3.Connection, turn: Turn, fatal: Callable[[str], None]
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._fatal = fatal

    def close(self) -> None:
        """Close the connection and leave the queue of writers."""
        self._connection.close()
        self._turn.close()

    def commit(self, steps: Sequence[Step | Job]) -> None:
        """Run each step, and set its error or result. Raises nothing."""
        group = [step for step in steps if isinstance(step, Step)]
        if group:
            self._commit_group(group)
        for job in steps:
            if isinstance(job, Job):
                self._do(job)

    def _commit_group(self, group: Sequence[Step]) -> None:
        try:
            self._attempt(group, partial(self._steps, group))
        except _STEP_ERRORS as error:
            # All of it was undone.
            if len(group) == 1:
                self._commit_scrubbed(group[0], error)
            else:
                for step in group:
                    self._commit_group((step,))

    def _commit_scrubbed(self, step: Step, error: Exception) -> None:
        """Try once more where only the text of an event may be at fault, or give up."""
        if isinstance(error, UnicodeError) and step.plan.events:
            step.plan = replace(step.plan, events=tuple(map(scrub_event, step.plan.events)))
            try:
                self._attempt((step,), partial(self._steps, (step,)))
            except _STEP_ERRORS as again:
                step.error = _translate(again)
        else:
            step.error = _translate(error)

    def _do(self, job: Job) -> None:
        try:
            self._attempt((job,), partial(self._work, job))
        except _STEP_ERRORS as error:
            job.error = error

    def _attempt(self, steps: Sequence[Step | Job], work: Callable[[], None]) -> None:
        """Do some work in a transaction, at this process's turn.

        Whatever is wrong with the database becomes the error of all steps; what is wrong
        with a value is raised.
        """
        try:
            with self._turn:
                self._transaction(work)
        except _STEP_ERRORS:
            raise
        except sqlite3.Error as error:
            _log.warning("a transaction failed: %s (%s)", error, _name(error))
            if _name(error) in _FSYNC_ERRORS:
                self._fatal(f"fsync of the database failed: {error}")
            _fail(steps, unavailable(error))
        except OSError as error:
            _fail(steps, Unavailable(f"the queue of writers: {error}"))
        except Exception as error:  # noqa: BLE001 - the thread must live, and the caller know
            _fail(steps, error)

    def _transaction(self, work: Callable[[], None]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            work()
            self._connection.execute("COMMIT")
        except BaseException:
            # Some errors have undone the transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _work(self, job: Job) -> None:
        job.result = job.work(self._connection)

    def _steps(self, group: Sequence[Step]) -> None:
        events: list[Values] = []
        configuration = False
        for step in group:
            plan = step.plan
            step.error = None
            if step.abandoned:
                continue
            if plan.parts:
                lost = self._perform(plan)
                if lost is not None:
                    step.error = Conflict(lost.effect)
                    continue
                configuration = configuration or plan.configuration
            events.extend(plan.events)
        if configuration:
            self._connection.execute(RAISE_VERSION)
        self._insert_events(events)

    def _perform(self, plan: Plan) -> Part | None:
        """Run the parts of a step; return the one that lost, with everything undone."""
        execute = self._connection.execute
        if plan.fallible:
            execute("SAVEPOINT step")
        for part in plan.parts:
            form = part.form
            try:
                cursor = execute(statement(form), part.values)
            except sqlite3.IntegrityError as error:
                raise _Refused(part, error) from error
            if form.guard and cursor.fetchone() is None:
                if plan.fallible:
                    execute("ROLLBACK TO step")
                    execute("RELEASE step")
                return part
            if form.kind is Kind.REVOKE_SESSION:
                execute(REVOKE_GRANTS_OF_SESSION, part.values)
        if plan.fallible:
            execute("RELEASE step")
        return None

    def _insert_events(self, rows: Sequence[Values]) -> None:
        start = 0
        while left := len(rows) - start:
            size = next(size for size in EVENT_GROUPS if size <= left)
            values = list(chain.from_iterable(rows[start : start + size]))
            self._connection.execute(INSERT_EVENTS[size], values)
            start += size


def _fail(steps: Sequence[Step | Job], error: Exception) -> None:
    for step in steps:
        step.error = error


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")


def _translate(error: Exception) -> Exception:
    if isinstance(error, _Refused):
        if _name(error.error) in _UNIQUE_ERRORS:
            return Conflict(error.part.effect)
        return ValueError(f"{error.part.form.table}: {error}")
    return ValueError(f"a value cannot be stored: {error}")
