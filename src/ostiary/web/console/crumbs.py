"""The pages above a page: from the navigation down to it."""

from ostiary.pages.console import ROOT, Crumb
from ostiary.web.console.catalog import OF_OPERATION, PAGES, parents_of
from ostiary.web.console.cells import cut, url_of
from ostiary.web.console.kind import parameters_of


def crumbs_of(path: str, given: dict[str, str]) -> tuple[Crumb, ...]:
    """Return the pages above one at a path of the API, from the top."""
    found = []
    for parent in reversed(parents_of(path)):
        name = PAGES[parent]
        own = {key: given[key] for key in parameters_of(parent) if key in given}
        if len(own) < len(parameters_of(parent)):
            continue
        kind = OF_OPERATION[name]
        if kind.show == name and own:
            found.append(Crumb(url=url_of(name, own), name=cut(next(reversed(own.values())))))
        else:
            found.append(Crumb(url=url_of(name, own), kind=kind.name))
    return tuple(found)


def back_from(path: str, given: dict[str, str], *, gone: bool = False) -> str:
    """Return where to go after an operation at a path: to the thing, or the list above it.

    `gone`: the thing itself is no more.
    """
    candidates = (() if gone or path not in PAGES else (path,)) + parents_of(path)
    reachable = [one for one in candidates if set(parameters_of(one)) <= set(given)]
    # A thing's own page shows the lists below it.
    things = [one for one in reachable if OF_OPERATION[PAGES[one]].show == PAGES[one]]
    for one in (*things, *reachable):
        return url_of(PAGES[one], {key: given[key] for key in parameters_of(one)})
    return ROOT
