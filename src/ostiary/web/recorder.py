"""Writes traces beside the work, not in its way.

An exchange leaves a note in a bounded buffer, and is answered. A moment later the notes are
completed by a few reads, and written in one transaction of their own. So no request waits
for its trace, and traces may be lost: when the buffer is full, when one client or one
network causes too many, when the database does not answer, or when the process ends at
once. How many were lost is logged. Nothing is decided by a trace, so nothing else is lost.
"""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from typing import Protocol

import msgspec
import structlog

from ostiary.clock import Clock
from ostiary.model.client import Client, ClientKind
from ostiary.model.event import Result
from ostiary.model.trace import Trace
from ostiary.oauth.authorization.pushed import name_of
from ostiary.oauth.effects import Effects, Insert, Unavailable
from ostiary.oauth.errors import InvalidToken
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.reader import Reader, Standing
from ostiary.oauth.token.bearer import recognize
from ostiary.web.ration import Ration

CAPACITY = 1_000
# Failures per client and network, and all traces together, that a process keeps a minute.
FAILURES_PER_MINUTE = 60
TOTAL_PER_MINUTE = 1_200
# Of all these no network has more than a part, whichever clients it names: anybody can name any.
NETWORK_PER_MINUTE = 300
# A network that goes on at a client does not push out what others have caused there: after so
# many in an hour, only a few more of each minute. What succeeds counts as well, since after each
# failure more of that is noted.
CAUSED_PER_HOUR = 180
# All networks together at a client likewise: half of what is kept of one.
TOGETHER_PER_HOUR = 250
_FEW_PER_MINUTE = 2
# Of what succeeds, the first of each hour and client: two or three sign-ins.
SUCCESSES_PER_HOUR = 12
# Of what may be of applications that are recorded, in a process and a minute.
RECORDED_PER_MINUTE = 600
# How many are kept of a client, and of all requests that name none.
KEPT_OF_CLIENT = 500
KEPT_OF_STRANGERS = 2_000
_TRIM_EVERY = 50
_MAX_KEYS = 10_000
_PAUSE = 0.25  # seconds in which notes gather
_HOUR = 3600
_MINUTE = 60
_MAX_CLIENT_ID = 255

_log = structlog.get_logger("ostiary.traces")


class Clues(msgspec.Struct, frozen=True, kw_only=True):
    """By what a trace finds its client, its flow and its grant. Never stored."""

    client_id: str | None = None
    # The digest of an authorization code, and the family of a refresh token.
    code: bytes | None = None
    family: bytes | None = None
    access_token: str | None = None
    # The digests of a pushed request, and of a flow that waits for a person.
    pushed: bytes | None = None
    flow: bytes | None = None
    # The digest of a device code.
    device: bytes | None = None
    # The session that ended.
    session: str | None = None

    def __repr__(self) -> str:
        """Show nothing: one of them is a token."""
        return "Clues(…)"


class Note(msgspec.Struct, frozen=True):
    """A trace that was begun, and what completes it."""

    trace: Trace
    clues: Clues
    # Kept only if it turns out to be of an application that is recorded.
    tentative: bool = False


class TraceStore(Reader, Protocol):
    """What the recorder reads and writes."""

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none."""
        ...

    async def trim_traces(self, client_id: str | None, keep: int, batch: int) -> int:
        """Delete all but the newest traces of a client, or of requests that name none."""
        ...

    @property
    def version(self) -> int:
        """The version of the configuration; it rises by changes."""
        ...


class Traces(Protocol):
    """Takes notes of exchanges."""

    def wants(self, key: str, now: int) -> bool:
        """Tell whether one more success is to be noted; `key` stands for the client."""
        ...

    def may_record(self, client_id: str | None, now: int) -> bool:
        """Tell whether an exchange may be of an application that is recorded; None: of any."""
        ...

    def note(self, trace: Trace, clues: Clues, *, tentative: bool = False) -> bool:
        """Take a note, if there is room; return whether there was.

        What is `tentative` is forgotten where it turns out to be of no recorded application.
        """
        ...

    @property
    def kept(self) -> bool:
        """Whether any notes are taken."""
        ...

    async def flush(self) -> None:
        """Write what was noted so far."""
        ...


class Untraced:
    """Takes no notes."""

    def wants(self, _key: str, _now: int) -> bool:
        """Want none."""
        return False

    def may_record(self, _client_id: str | None, _now: int) -> bool:
        """Record none."""
        return False

    def note(self, _trace: Trace, _clues: Clues, *, tentative: bool = False) -> bool:  # noqa: ARG002
        """Let it go."""
        return False

    @property
    def kept(self) -> bool:
        """Take none."""
        return False

    async def flush(self) -> None:
        """Have nothing to write."""


class Recorder:
    """Takes notes of exchanges, and writes them as traces."""

    def __init__(
        self, store: TraceStore, keys: KeySource, clock: Clock, issuer: str, *, everything: bool
    ) -> None:
        """`everything`: all that succeeds is recorded too, as in development."""
        self._store = store
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._everything = everything
        self._notes: deque[Note] = deque()
        self._failures = Ration(FAILURES_PER_MINUTE)
        self._caused = Ration(CAUSED_PER_HOUR, _HOUR)
        self._together = Ration(TOGETHER_PER_HOUR, _HOUR)
        self._few = Ration(_FEW_PER_MINUTE)
        self._network = Ration(NETWORK_PER_MINUTE)
        self._total = Ration(TOTAL_PER_MINUTE)
        self._recorded = Ration(RECORDED_PER_MINUTE)
        # The applications that are recorded, each until when, as of a version of the configuration.
        self._recordings: dict[str, int] = {}
        self._version: int | None = None
        self._hour = 0
        self._successes: Counter[str] = Counter()
        self._untrimmed: Counter[str | None] = Counter()
        self._turn = 0
        self._lost = 0
        self._told = 0
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def wants(self, key: str, now: int) -> bool:
        """Tell whether one more success is to be noted; `key` stands for the client."""
        if self._everything:
            return True
        key = key[:_MAX_CLIENT_ID]
        hour = now // _HOUR
        if hour != self._hour or len(self._successes) >= _MAX_KEYS:
            self._hour = hour
            self._successes.clear()
        if self._successes[key] >= SUCCESSES_PER_HOUR:
            return False
        self._successes[key] += 1
        return True

    def may_record(self, client_id: str | None, now: int) -> bool:
        """Tell whether an exchange may be of an application that is recorded; None: of any.

        Nothing is read for that. Where the configuration was changed since it was read it may
        be of one: what is noted then is looked at before it is written.
        """
        try:
            if self._store.version != self._version:
                return True
        except Unavailable:
            return False
        if client_id is None:
            return any(until > now for until in self._recordings.values())
        return self._recordings.get(client_id, 0) > now

    @property
    def kept(self) -> bool:
        """Whether any notes are taken."""
        return True

    def note(self, trace: Trace, clues: Clues, *, tentative: bool = False) -> bool:
        """Take a note, if there is room and the sender's ration is not used up."""
        failed = trace.outcome is Result.FAILURE
        if failed and clues.client_id is not None:
            # So that the next attempt is seen, too, whether it goes well or not.
            self._successes.pop(clues.client_id, None)
        # Whoever makes up client ids must not fill the memory with them.
        key = (clues.client_id or "")[:_MAX_CLIENT_ID]
        # What may be of a recorded application leaves the rations of failures alone.
        within = (
            self._recorded("", "", trace.at)
            if tentative
            else self._within(key, trace, failed=failed)
        )
        if not within or len(self._notes) >= CAPACITY:
            self._lost += 1
            return False
        self._turn += 1
        numbered = msgspec.structs.replace(trace, turn=self._turn)
        self._notes.append(Note(numbered, clues, tentative))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_soon())
        return True

    def _within(self, key: str, trace: Trace, *, failed: bool) -> bool:
        """Tell whether one more is within all rations, the sender's own first."""
        ip, at = trace.ip, trace.at
        # In development there is one network.
        if not self._everything and not self._network("", ip, at):
            return False
        if failed and not self._failures(key, ip, at):
            return False
        counts = failed or not self._everything
        if counts and not (self._may_cause(key, ip, at) or self._few(key, ip, at)):
            return False
        return self._total("", "", at)

    def _may_cause(self, key: str, ip: str, at: int) -> bool:
        """Tell whether one more of this hour is within the rations of a network and of all."""
        # Of what names nobody four times as much is kept, and it is nobody's in particular.
        return self._caused(key, ip, at) and (not key or self._together(key, "", at))

    async def aclose(self) -> None:
        """Write what is left, and stop."""
        await self.flush()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _write_soon(self) -> None:
        while self._notes:
            await asyncio.sleep(_PAUSE)
            await self.flush()

    async def flush(self) -> None:
        """Write what was noted so far; what cannot be written is lost."""
        async with self._writing:
            notes = tuple(self._notes)
            self._notes.clear()
            if notes:
                await self._write(notes)
        self._tell_losses()

    async def _write(self, notes: tuple[Note, ...]) -> None:
        """Write notes in one transaction; one by one where one of them cannot be written."""
        try:
            traces = await self._store_all(notes)
        except Unavailable as error:
            self._lose(notes, error)
        except Exception as error:  # noqa: BLE001 - told, and no reason to refuse anybody anything
            # An id is taken, a text cannot be stored: what others caused is not lost by that.
            if len(notes) == 1:
                self._lose(notes, error)
                return
            for note in notes:
                await self._write((note,))
        else:
            await self._trim_if_due(traces)

    async def _store_all(self, notes: tuple[Note, ...]) -> list[Trace]:
        found = [await self._complete(note) for note in notes]
        traces = [trace for trace in found if trace is not None]
        await self._store.apply(tuple(Insert(trace) for trace in traces))
        return traces

    def _lose(self, notes: tuple[Note, ...], error: Exception) -> None:
        self._lost += len(notes)
        _log.warning("traces_lost", count=len(notes), reason=type(error).__name__)

    async def _trim_if_due(self, traces: list[Trace]) -> None:
        """Keep to the bounds; what cannot be deleted now is deleted another time."""
        try:
            await self._trim(traces)
        except Exception as error:  # noqa: BLE001 - told, and the traces are written
            _log.warning("traces_untrimmed", reason=type(error).__name__)

    async def _trim(self, traces: list[Trace]) -> None:
        self._untrimmed.update(trace.client_id for trace in traces)
        for client_id, count in tuple(self._untrimmed.items()):
            if count >= _TRIM_EVERY:
                del self._untrimmed[client_id]
                keep = KEPT_OF_STRANGERS if client_id is None else KEPT_OF_CLIENT
                await self._store.trim_traces(client_id, keep, 4 * _TRIM_EVERY)
        if len(self._untrimmed) > _MAX_KEYS:
            self._untrimmed.clear()

    def _tell_losses(self) -> None:
        minute = self._clock.now() // _MINUTE
        if self._lost and minute != self._told:
            _log.info("traces_dropped", count=self._lost)
            self._told, self._lost = minute, 0

    async def _complete(self, note: Note) -> Trace | None:
        """Find out whose exchange it was, and which hops it belongs to; None for our own pages."""
        trace, clues = note.trace, note.clues
        client = await self._client(clues.client_id)
        flow, found = await self._flow(clues, client)
        standing, found = await self._standing(clues, found)
        if clues.client_id is None:
            # Whoever named another one does not get past that one's ration into this one's traces.
            client = found
        if client is not None and client.kind is ClientKind.BUILT_IN:
            return None
        if note.tentative and not await self._is_recorded(client, trace.at):
            return None
        changes: dict[str, str | None] = {"flow": flow, "session_id": clues.session}
        if client is not None:
            changes["client_id"] = client.client_id
            changes["organization_id"] = client.organization_id
            changes["project_id"] = client.project_id
            changes["expected"] = _expected(trace, client) or trace.expected
            if standing is not None:
                changes |= await self._link(trace, standing, client)
        return msgspec.structs.replace(trace, **changes)

    async def _is_recorded(self, client: Client | None, at: int) -> bool:
        version = self._store.version
        if version != self._version:
            self._recordings = (await self._store.configuration()).recordings
            self._version = version
        return client is not None and self._recordings.get(client.client_id, 0) > at

    async def _link(
        self, trace: Trace, standing: Standing, client: Client
    ) -> dict[str, str | None]:
        """Tie a trace to its grant; of another application's nothing but the name is told."""
        grant = standing.grant
        if grant.client_id == client.client_id:
            return {"grant_id": grant.id, "session_id": grant.session_id}
        owner = await self._store.client(grant.client_id)
        if trace.received is not None or owner is None or owner.project_id != client.project_id:
            return {}
        return {"received": client.client_id, "expected": owner.client_id}

    async def _client(self, client_id: str | None) -> Client | None:
        if client_id is None or len(client_id) > _MAX_CLIENT_ID or "\0" in client_id:
            return None
        return await self._store.client(client_id)

    async def _flow(self, clues: Clues, client: Client | None) -> tuple[str | None, Client | None]:
        known = clues.pushed or clues.device
        if known is not None:
            return name_of(known), client
        if clues.flow is None:
            return None, client
        waiting = await self._store.interaction(clues.flow)
        if waiting is None:
            return None, client
        client = client or await self._client(waiting.client_id)
        # What was sent ahead has given the flow its name.
        earlier = waiting.request.get("pushed") or waiting.request.get("device")
        named = bytes.fromhex(earlier) if isinstance(earlier, str) else clues.flow
        return name_of(named), client

    async def _standing(
        self, clues: Clues, client: Client | None
    ) -> tuple[Standing | None, Client | None]:
        store = self._store
        if clues.code is not None:
            code = await store.code(clues.code)
            return (None if code is None else code.standing), client
        if clues.family is not None:
            family = await store.refresh_family(clues.family)
            return (None if family is None else family.standing), client
        if clues.access_token is not None:
            ring, now = await self._keys.ring(), self._clock.now()
            try:
                shown = await recognize(clues.access_token, store, ring, self._issuer, now)
            except InvalidToken:
                return None, client
            return shown.standing, client or shown.client
        return None, client


def _expected(trace: Trace, client: Client) -> str | None:
    """Return what is registered, where the refusal does not tell all of it."""
    match trace.rule:
        case "redirect-uri-mismatch":  # told in part only, where there are many
            return " ".join(client.redirect_uris)
        case "client-auth":
            return client.token_endpoint_auth_method
        case "origin-unregistered":
            return " ".join(client.web_origins) or "none"
        case "logout-post_logout_redirect_uri":
            return " ".join(client.post_logout_redirect_uris) or "none"
    return None
