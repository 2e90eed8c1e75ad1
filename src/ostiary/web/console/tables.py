"""Lists of things as tables: their columns, what can be done with each, and with several."""

from typing import Any
from urllib.parse import urlencode

from ostiary.admin.actor import Actor
from ostiary.pages.console import ROOT, Action, Row, Table
from ostiary.web.console.calls import Answered
from ostiary.web.console.cells import cell_of, keys_of, url_of
from ostiary.web.console.kind import OPERATIONS, Kind, parameters_of
from ostiary.web.console.navigation import holds


def operation_url(name: str, given: dict[str, str] | None = None) -> str:
    """Return the address of an operation's page, with what is known already."""
    query = f"?{urlencode(given)}" if given else ""
    return f"{ROOT}/do/{name}{query}"


def action_of(name: str, given: dict[str, str] | None = None) -> Action:
    """Return the way to an operation's page."""
    danger = OPERATIONS[name].method == "DELETE"
    return Action(name=name, url=operation_url(name, given), danger=danger)


def allowed(names: tuple[str, ...], actor: Actor, place: str | None) -> tuple[str, ...]:
    """Return those of some operations that somebody may do somewhere, as far as can be told."""
    return tuple(name for name in names if holds(actor, OPERATIONS[name].right, place))


def make_table(  # noqa: PLR0913 - what a table is made of
    kind: Kind,
    answered: Answered,
    actor: Actor,
    place: str | None,
    *,
    path: dict[str, str],
    given: dict[str, str],
    without: frozenset[str] = frozenset(),
) -> Table:
    """Return a table of a page of a list.

    `path` holds the parameters of the list's own path; `given` is what a new thing of the kind
    is filled in with; `without` are columns that go without saying.
    """
    assert kind.listing is not None, kind.name  # noqa: S101 - only lists become tables
    taken = set(parameters_of(OPERATIONS[kind.listing].path))
    names = allowed(kind.changes, actor, place)
    # With a page of its own, a thing has its operations there.
    of_row = () if kind.show is not None else names
    bulk = allowed(kind.bulk, actor, place) if len(kind.keys) == 1 and not taken else ()
    (parameter, *_) = (*kind.keys, "")
    create = None
    if kind.create is not None and holds(actor, OPERATIONS[kind.create].right, place):
        create = action_of(kind.create, {**path, **given})
    return Table(
        name=kind.name,
        columns=_columns(kind, without),
        rows=tuple(
            _row(kind, item, actor, path, names=of_row, parameter=parameter, without=without)
            for item in answered.items
        ),
        create=create,
        tools=tuple(action_of(name, given) for name in allowed(kind.tools, actor, place)),
        bulk=tuple(action_of(name) for name in bulk),
        parameter=parameter,
    )


def _columns(kind: Kind, without: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in kind.columns if name not in without)


def _row(  # noqa: PLR0913 - what a row is made of
    kind: Kind,
    item: dict[str, Any],
    actor: Actor,
    path: dict[str, str],
    *,
    names: tuple[str, ...],
    parameter: str,
    without: frozenset[str],
) -> Row:
    keys = keys_of(kind, item, path)
    cells = [cell_of(name, item.get(name), actor) for name in _columns(kind, without)]
    if kind.show is not None:
        own = {name: keys[name] for name in parameters_of(OPERATIONS[kind.show].path)}
        first = cells[0]
        shown = first.value if first.kind != "none" else next(iter(own.values()))
        kept = first.kind if first.kind in {"time", "word"} else "text"
        cells[0] = type(first)(kind=kept, value=shown, url=url_of(kind.show, own))
    actions = []
    for name in names:
        wanted = parameters_of(OPERATIONS[name].path)
        if set(wanted) <= set(keys) and set(wanted) & set(kind.keys):
            actions.append(action_of(name, {one: keys[one] for one in wanted}))
    return Row(cells=tuple(cells), key=keys.get(parameter, ""), actions=tuple(actions))
