"""What can be chosen in forms and filters, as long as it is few enough to choose from."""

from ostiary.admin import projects
from ostiary.admin.store import Admin
from ostiary.web.console.page import MAX_PLACES, Admitted

Named = tuple[tuple[str, str], ...]
"""Ids with names."""

MAX_PROJECTS = 200


async def choose_project(admin: Admin, admitted: Admitted) -> Named:
    """Return the projects to choose from; none where there are too many: then an id is typed."""
    found = await projects.list_all(admin, admitted.actor, admitted.place, limit=MAX_PROJECTS + 1)
    return tuple((one.id, one.name) for one in found) if len(found) <= MAX_PROJECTS else ()


def choose_organization(admitted: Admitted) -> Named:
    """Return the organizations to choose from, the present one first; none of too many."""
    places = admitted.places
    if len(places) >= MAX_PLACES:
        return ()
    return tuple(sorted(places, key=lambda one: one[0] != admitted.place))
