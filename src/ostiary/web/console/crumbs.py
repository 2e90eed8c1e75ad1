"""The pages above a page: from the navigation down to it."""

from ostiary.pages.console import Crumb
from ostiary.web.console.catalog import OF_OPERATION, PAGES, parameters_of, parents_of
from ostiary.web.console.cells import cut, url_of


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
    own = path if path in PAGES and not gone else None
    for candidate in ((own,) if own else ()) + parents_of(path):
        keys = parameters_of(candidate)
        if all(key in given for key in keys):
            return url_of(PAGES[candidate], {key: given[key] for key in keys})
    return "/console"
