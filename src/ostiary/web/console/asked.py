"""What the page of an operation was asked for: the operation, and what it is to be done to."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import falcon
import msgspec

from ostiary.admin.actor import Area
from ostiary.advisor.stacks import STACKS
from ostiary.pages.console import ROOT
from ostiary.web.api.route import Route
from ostiary.web.console.catalog import OF_OPERATION
from ostiary.web.console.kind import OPERATIONS, Kind, parameters_of
from ostiary.web.console.sent import Fields, check_id, first

MAX_SUBJECTS = 50
# Operations that give an application what its program needs to know: the program comes next.
BEGINNINGS = frozenset({"create_application", "create_application_secret"})
# Operations that give away a way in, or take one: whoever does them signed in just now.
_SENSITIVE_AREAS = frozenset({Area.INSTANCE, Area.ADMINISTRATOR})
_SENSITIVE_WORDS = ("secret", "password", "token", "key", "factor", "export")
# Where an account's mail goes, the way goes by which it is recovered. A webhook takes the audit
# trail along, as its export does.
_SENSITIVE = frozenset({"update_user", "import_users", "create_webhook", "update_webhook"})
# What else lets somebody in as an application or service account, when a change sets it.
_WAYS_IN = frozenset({"client_secret", "jwks", "jwks_uri", "token_endpoint_auth_method"})
# Those that change nothing, whatever they are called.
_HARMLESS = frozenset({"preview_tokens"})


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that a page was asked for, and what it is to be done to."""

    kind: Kind
    route: Route
    subjects: tuple[dict[str, str], ...]
    given: Fields

    @property
    def change(self) -> bool:
        """Whether its form shows what there is, to be changed."""
        return self.route.method in {"PATCH", "PUT"}

    @property
    def sensitive(self) -> bool:
        """Whether whoever does it must have signed in just now."""
        route = self.route
        return route.name not in _HARMLESS and (
            route.method == "DELETE"
            or route.right[0] in _SENSITIVE_AREAS
            or route.name in _SENSITIVE
            or any(word in route.name for word in _SENSITIVE_WORDS)
        )

    def opens(self, body: Mapping[str, Any]) -> bool:
        """Tell whether doing it with this body gives a way in that was not there before."""
        return self.change and not _WAYS_IN.isdisjoint(body)

    @property
    def stack(self) -> str | None:
        """What the application that is to be made will be built with, where that is known."""
        stack = first(self.given, "stack")
        return stack if self.route.name in BEGINNINGS and stack in STACKS else None

    @property
    def advised(self) -> bool:
        """Whether a link says what the application is to be, and where people are sent."""
        return self.route.name == self.kind.create and "redirect_uris" in self.given

    @property
    def address(self) -> str:
        """Where its form goes."""
        pairs = [pair for one in self.subjects for pair in one.items()]
        pairs += [] if self.stack is None else [("stack", self.stack)]
        return f"{ROOT}/do/{self.route.name}" + (f"?{urlencode(pairs)}" if pairs else "")

    @property
    def mark(self) -> str:
        """What the token of its form is good for."""
        return self.address

    @property
    def names(self) -> tuple[str, ...]:
        """What it is done to, in words."""
        return tuple(" / ".join(one.values()) for one in self.subjects)


def find_operation(name: str, given: Fields) -> Operation:
    """Return the operation that an address names.

    Raises:
        falcon.HTTPNotFound: there is none, or it does not say what it is to be done to.
    """
    kind = OF_OPERATION.get(name)
    if kind is None or name not in kind.operations:
        raise falcon.HTTPNotFound
    route = OPERATIONS[name]
    keys = parameters_of(route.path)
    subjects: tuple[dict[str, str], ...] = ({},)
    if keys:
        values = [given.get(key, ()) for key in keys]
        several = len(values[0])
        if any(len(one) != several for one in values) or not 1 <= several <= MAX_SUBJECTS:
            raise falcon.HTTPNotFound
        if several > 1 and (len(keys) > 1 or name not in kind.bulk):
            raise falcon.HTTPNotFound
        subjects = tuple(dict(zip(keys, one, strict=True)) for one in zip(*values, strict=True))
    for subject in subjects:
        for value in subject.values():
            check_id(value)
    return Operation(kind=kind, route=route, subjects=subjects, given=given)
