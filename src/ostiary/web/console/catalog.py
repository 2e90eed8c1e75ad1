"""What the console shows and does: declarations over the table of the management API.

A kind names operations of the API. Everything else about its pages follows from the rows of
that table: who may see it, its filters, its forms, and what is called when one is sent.
"""

import re

import msgspec

from ostiary.web.api.resources import TABLE
from ostiary.web.api.route import Route

OPERATIONS: dict[str, Route] = {route.name: route for route in TABLE}
_PARAMETER = re.compile(r"\{(\w+)\}")


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Things of another kind that belong to one: those that a filter finds by a member of it."""

    kind: str
    filters: dict[str, str] = {}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Things of one kind.

    `listing`, `show`, `create`, `changes` and `bulk` are names of operations. `keys` are the
    members that fill in the parameters of their paths.
    """

    name: str
    # The line of the navigation that its pages belong to.
    entry: str
    listing: str | None = None
    columns: tuple[str, ...] = ()
    keys: dict[str, str] = {}
    show: str | None = None
    # What a thing is called, and what is told of it first.
    title: str = ""
    facts: tuple[str, ...] = ()
    create: str | None = None
    changes: tuple[str, ...] = ()
    bulk: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()

    @property
    def operations(self) -> tuple[str, ...]:
        """Everything that is done by a page of its own."""
        first = () if self.create is None else (self.create,)
        return first + self.changes


KINDS: tuple[Kind, ...] = (
    Kind(
        name="applications",
        entry="applications",
        listing="list_applications",
        columns=("client_name", "client_id", "project", "type", "state"),
        keys={"client_id": "client_id"},
        show="show_application",
        title="client_name",
        facts=(
            *("client_id", "organization", "project", "type", "state", "redirect_uris"),
            *("grant_types", "allowed_scopes", "token_endpoint_auth_method", "client_secrets"),
            *("require_pkce", "require_consent", "access_token_type", "created_at", "updated_at"),
        ),
        create="create_application",
        changes=(
            *("update_application", "set_application_state", "create_application_secret"),
            *("revoke_application_secrets", "delete_application"),
        ),
        bulk=("set_application_state", "delete_application"),
    ),
    Kind(
        name="users",
        entry="users",
        listing="list_users",
        columns=("username", "email", "profile", "organization", "state"),
        keys={"user_id": "id"},
        show="show_user",
        title="username",
        create="create_user",
        changes=(
            *("update_user", "set_user_state", "set_user_password", "remove_user_password"),
            *("send_reset_link", "send_verification_link", "revoke_user_sessions"),
            *("remove_all_factors", "export_user", "delete_user"),
        ),
        bulk=("set_user_state", "revoke_user_sessions", "send_reset_link", "delete_user"),
    ),
)
"""Everything, in the order of the navigation."""

BY_NAME = {kind.name: kind for kind in KINDS}
OF_OPERATION = {
    name: kind for kind in KINDS for name in (kind.listing, kind.show, *kind.operations) if name
}
"""The kind that an operation belongs to."""

PAGES = {
    OPERATIONS[name].path: name for kind in KINDS for name in (kind.listing, kind.show) if name
}
"""The operations that have a page at their own path, below that of the console."""


def parameters_of(path: str) -> tuple[str, ...]:
    """Return the parameters of a path."""
    return tuple(_PARAMETER.findall(path))


def parents_of(path: str) -> tuple[str, ...]:
    """Return the paths above one that have pages, nearest first."""
    found = []
    while path := path.rpartition("/")[0]:
        if path in PAGES:
            found.append(path)
    return tuple(found)
