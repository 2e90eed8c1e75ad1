"""What a large instance answers at its doors: the lists of the management API, and sign-in.

Every list of the API is asked for over HTTP: as it is, with each of its filters, and for its
second page. The server is a real one, on one core; the caller is on another.
"""

import statistics
import time
from collections.abc import Iterator, Mapping

import httpx  # noqa: TID251 (a caller of the server, not a part of it)
import msgspec

from bench.population import NOW, Size, organization_id, user_id
from bench.stage import Stage
from bench.works import SignIn
from ostiary.oauth import management
from ostiary.web.api.resources import TABLE
from ostiary.web.api.route import Filter, Route
from support.management_server import Tokens

_TIMES = 5
_PAGE = 100
_SIGN_INS = 20


class Figure(msgspec.Struct, frozen=True):
    """How long one read took, in milliseconds, and how much it found."""

    name: str
    median: float
    worst: float
    found: int


def figure(name: str, times: list[float], found: int) -> Figure:
    """Sum up times in seconds, of which the first is for what has to be prepared or read."""
    after = [1000 * taken for taken in times[1:]]
    return Figure(name, statistics.median(after), max(after), found)


def _known(size: Size) -> Mapping[str, tuple[str, ...]]:
    """Return values of filters and of parts of paths: of much, of little, and of nothing."""
    # Every fifth has a session and a grant.
    person = user_id(size.users // 3 // 5 * 5)
    large, small = organization_id(0), organization_id(7)
    return {
        "organization": (large, small),
        "organization_id": (large,),
        "project": ("project-000000", "project-000007"),
        "user": (person,),
        "user_id": (person,),
        "owner": (person,),
        "group_id": ("group-000000",),
        "client_id": ("client-000000", "client-000007"),
        "login_name": ("nobody@nowhere.test",),
        "search": ("an", "anbe co", "org-0", "not-there-at-all"),
        "type": ("auth.login.failure", "key.revoked"),
        "session": ("session-00000000",),
        "actor": (person,),
        "trace_id": ("trace-1000",),
        "ip": ("192.0.2.1", "192.0.2.2"),
        "since": (str(NOW - size.events * 15),),
        "before": (str(NOW - size.events * 15),),
    }


def _values(one: Filter, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return one.choices or known[one.name]


def requests(size: Size) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the path and the query of every list, plain and with each filter.

    What is a part of something that the population has none of is left out.
    """
    known = _known(size)
    for route in TABLE:
        if not route.listing or not _is_known(route, known):
            continue
        path = route.path.format(**{name: values[0] for name, values in known.items()})
        always = {one.name: _values(one, known)[0] for one in route.filters if one.required}
        yield path, always
        for one in route.filters:
            for value in _values(one, known):
                if always.get(one.name) != value:
                    yield path, always | {one.name: value}


def _is_known(route: Route, known: Mapping[str, tuple[str, ...]]) -> bool:
    parts = route.path.split("/")
    return all(part[1:-1] in known for part in parts if part.startswith("{"))


async def measure_lists(stage: Stage, tokens: Tokens, size: Size) -> list[Figure]:
    """Ask for every list several times.

    Raises:
        httpx.HTTPStatusError: one is not answered.
    """
    base = f"{stage.server.issuer}{management.PATH}"
    figures = []
    async with httpx.AsyncClient(timeout=30) as http:
        for path, query in requests(size):
            name = "&".join(f"{key}={value}" for key, value in query.items())
            asked = {**query, "limit": str(_PAGE)}
            title = f"GET {path}{'?' if name else ''}{name}"
            cursor = await _ask(http, base + path, asked, tokens, title, figures)
            if cursor is not None and not query:
                again = asked | {"cursor": cursor}
                await _ask(http, base + path, again, tokens, f"{title}, page 2", figures)
    return figures


async def _ask(  # noqa: PLR0913, PLR0917 - one request, and where its figure goes
    http: httpx.AsyncClient,
    url: str,
    query: dict[str, str],
    tokens: Tokens,
    title: str,
    figures: list[Figure],
) -> str | None:
    times = []
    document = {}
    headers = {"Authorization": f"Bearer {tokens()}"}
    for _ in range(_TIMES + 1):
        begun = time.perf_counter()
        answer = await http.get(url, params=query, headers=headers)
        times.append(time.perf_counter() - begun)
        document = answer.raise_for_status().json()
    figures.append(figure(title, times, len(document["items"])))
    return document.get("next_cursor")


async def measure_sign_in(stage: Stage, title: str) -> Figure:
    """Sign somebody in by password, each time in a fresh browser; return the CPU time of one.

    It is the time of server and database, which other programs on the machine change least.
    """
    connection = stage.connection()
    try:
        (turn,) = await SignIn().prepare(stage, [connection])
        await turn.once()
        times = []
        before = sum(stage.cpu())
        for _ in range(_SIGN_INS):
            begun = time.perf_counter()
            await turn.once()
            times.append(time.perf_counter() - begun)
        mean = (sum(stage.cpu()) - before) / _SIGN_INS
    finally:
        connection.close()
    return Figure(f"{title} (CPU time)", 1000 * mean, 1000 * max(times), 1)
