"""The navigation of the console: what there is, in which order, and who sees which of it.

A page of any module joins by a line in `GROUPS`. It is shown to whoever holds the right that
it names; the page itself asks once more.
"""

import msgspec

from ostiary.admin.actor import RIGHTS, Actor, Area, Level
from ostiary.model.administrator import AdministratorRole
from ostiary.pages.console import ROOT, Entry, EntryGroup
from ostiary.web.api.route import Place
from ostiary.web.console.catalog import BY_NAME
from ostiary.web.console.kind import OPERATIONS

Right = tuple[Area, Level, Place]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A page in the navigation; without a right it is for whoever administers anything."""

    name: str
    path: str
    right: Right | None = None


def _kind(name: str, entry: str = "") -> Line:
    """Return the line of a kind: its list, or where there is only one of it, that."""
    kind = BY_NAME[name]
    route = OPERATIONS[kind.listing or kind.show or ""]
    return Line(name=entry or name, path=ROOT + route.path, right=route.right)


GROUPS: tuple[tuple[str, tuple[Line, ...]], ...] = (
    (
        "start",
        (
            Line(name="home", path=ROOT),
            Line(name="lint", path=f"{ROOT}/lint", right=OPERATIONS["list_lint"].right),
            _kind("events", "audit"),
        ),
    ),
    ("applications", tuple(map(_kind, ("applications", "apis", "traces", "registration-tokens")))),
    ("people", tuple(map(_kind, ("users", "invitations", "groups", "service-accounts")))),
    (
        "access",
        tuple(
            map(
                _kind,
                (
                    *("projects", "roles", "role-assignments", "project-grants"),
                    *("memberships", "administrators"),
                ),
            )
        ),
    ),
    (
        "security",
        tuple(map(_kind, ("sessions", "grants", "personal-tokens", "policies", "keys"))),
    ),
    (
        "operations",
        tuple(map(_kind, ("organizations", "webhooks", "logout-deliveries", "instance"))),
    ),
)

# What there is between organizations, and nothing where there is one.
_BETWEEN = frozenset({"memberships", "project-grants"})


def holds(actor: Actor, right: Right, organization_id: str | None = None) -> bool:
    """Tell whether somebody has a right anywhere, or anywhere in an organization."""
    area, level, place = right
    return any(
        RIGHTS[one.role].get(area, 0) >= level
        and (place is not Place.INSTANCE or one.organization_id is None)
        and (place is not Place.ORGANIZATION or one.project_id is None)
        and organization_id in (None, one.organization_id or organization_id)
        for one in actor.holds
    )


def roles_with(right: Right) -> tuple[AdministratorRole, ...]:
    """Return the roles that have a right at a kind of place, the smallest first."""
    area, level, place = right
    fitting = {
        Place.INSTANCE: ("instance",),
        Place.ORGANIZATION: ("instance", "org"),
        Place.PROJECT: ("instance", "org", "project"),
    }[place]
    return tuple(
        role
        for role in reversed(AdministratorRole)
        if role.value.startswith(fitting) and RIGHTS[role].get(area, 0) >= level
    )


def entries_for(
    actor: Actor, organization_id: str | None, *, alone: bool = False
) -> tuple[EntryGroup, ...]:
    """Return the navigation for somebody, in an organization or in all.

    `alone`: they see one organization at most.
    """
    needless = _BETWEEN if alone and actor.everywhere else frozenset()
    groups = []
    for name, lines in GROUPS:
        seen = tuple(
            Entry(name=line.name, url=line.path)
            for line in lines
            if line.name not in needless
            and (line.right is None or holds(actor, line.right, organization_id))
        )
        if seen:
            groups.append(EntryGroup(name=name, entries=seen))
    return tuple(groups)
