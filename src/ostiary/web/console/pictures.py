"""What the first page draws: sign-ins and tokens by the audit trail, latency by traces.

Each picture reads a bounded number of the newest entries, by an index, whatever there is.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from ostiary.admin import events, traces
from ostiary.admin.actor import Area, Level
from ostiary.admin.store import Admin
from ostiary.model.event import Event, Result
from ostiary.model.trace import Trace
from ostiary.pages.charts import Chart, Measure, draw_columns, draw_lines
from ostiary.pages.languages import Language
from ostiary.store.reads.events import EventFilter
from ostiary.store.reads.traces import TraceFilter
from ostiary.web.console.page import Admitted
from ostiary.web.idp import Idp

DAYS = 7
# Of each kind of event, so many of the newest are counted.
MOST = 2000
# Traces are larger.
MOST_TRACES = 1000
_DAY = 86400
_GRANTS = 8
_FAILURES = 5
_SUCCESS, _FAILURE = "auth.login.success", "auth.login.failure"


async def read_traces(idp: Idp, admin: Admin, admitted: Admitted) -> Sequence[Trace] | None:
    """Return the newest traces of the place that somebody looks at; None if they may not."""
    if not admitted.actor.may(Area.PROJECT, Level.READ, admitted.place):
        return None
    filters = TraceFilter(organization_id=admitted.place)
    return await traces.list_all(admin, idp.store, admitted.actor, filters, limit=MOST_TRACES)


async def draw_events(
    idp: Idp, admin: Admin, admitted: Admitted, language: Language
) -> tuple[Chart, ...]:
    """Draw sign-ins and tokens of the place, for whoever may see its audit trail."""
    if not admitted.actor.may(Area.EVENT, Level.READ, admitted.place):
        return ()
    now = idp.clock.now()
    since = now - now % _DAY - (DAYS - 1) * _DAY

    async def read(kind: str) -> tuple[Event, ...]:
        filters = EventFilter(types=(kind,), organization_id=admitted.place, since=since)
        found = await events.list_all(admin, idp.store, admitted.actor, filters, limit=MOST)
        return tuple(event for _, event in found)

    good, bad = await read(_SUCCESS), await read(_FAILURE)
    issued = await read("token.issued")
    first = since // _DAY
    counted = [Counter(one.at // _DAY for one in found) for found in (good, bad)]
    rows = tuple(
        (
            language.short_day(datetime.fromtimestamp(day * _DAY, UTC).date()),
            tuple(found[day] for found in counted),
        )
        for day in range(first, first + DAYS)
    )
    grants = Counter(one.reason or "-" for one in issued if one.result is Result.SUCCESS)
    return (
        draw_columns("sign_ins", ("success", "failure"), rows, cut=MOST in {len(good), len(bad)}),
        draw_lines(
            "tokens",
            tuple(
                (name.rpartition(":")[2], (number,)) for name, number in grants.most_common(_GRANTS)
            ),
            cut=len(issued) == MOST,
        ),
    )


def draw_latency(found: Sequence[Trace], now: int, language: Language) -> Chart:
    """Draw how long exchanges took by endpoint: the median, and what 95 of 100 stay within.

    Only those of the last day count, and only what succeeded: failures are answered sooner,
    and anybody can cause them.
    """
    took = defaultdict[str, list[int]](list)
    for one in found:
        if one.outcome is Result.SUCCESS and one.duration is not None and one.at > now - _DAY:
            took[one.endpoint.value].append(one.duration)
    rows = tuple(
        (
            f"{language.plain(f'console.chart.endpoint.{name}')} · {len(times)}",
            (find_quantile(times, 50), find_quantile(times, 95)),
        )
        for name, times in sorted(took.items())
    )
    return draw_lines(
        "latency",
        rows,
        series=("median", "most"),
        measure=Measure.MICROSECONDS,
        cut=len(found) == MOST_TRACES and found[-1].at > now - _DAY,
    )


def last_failures(found: Sequence[Trace]) -> tuple[Trace, ...]:
    """Return the newest of the requests that failed, one of each kind."""
    kinds: dict[tuple[str, str | None, str | None], Trace] = {}
    for one in found:
        if one.outcome is Result.FAILURE:
            kinds.setdefault((one.endpoint.value, one.client_id, one.rule or one.error), one)
    return tuple(kinds.values())[:_FAILURES]


def find_quantile(numbers: Sequence[int], percent: int) -> int:
    """Return the smallest number that so many of a hundred are not above."""
    return sorted(numbers)[max(-(-len(numbers) * percent // 100), 1) - 1]
