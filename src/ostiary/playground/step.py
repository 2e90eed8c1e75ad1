"""A step of a flow: one request, and what is kept of its answer."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from ostiary.playground.message import Answer, Request

Values = Mapping[str, str]
"""What a flow knows so far, by name: its client, its random values, what came back."""


class Kind(StrEnum):
    """Who sends the request."""

    # The browser goes there itself.
    FRONT = "front"
    # The application's server asks.
    BACK = "back"
    # Nobody: the client makes something by itself.
    LOCAL = "local"


class Auth(StrEnum):
    """What goes in the Authorization header."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"


_STANDARD = (
    *("access_token", "refresh_token", "id_token", "request_uri"),
    *("device_code", "user_code", "verification_uri_complete"),
)


def _keep_all() -> dict[str, str]:
    return {name: name for name in _STANDARD}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Values of parameters are templates over what the flow knows."""

    id: str
    title: str
    text: str
    path: str
    method: str = "POST"
    kind: Kind = Kind.BACK
    auth: Auth = Auth.NONE
    # A name in braces stands for a value of the flow.
    parameters: tuple[tuple[str, str], ...] = ()
    # What must be known before.
    needs: tuple[str, ...] = ()
    # Which members of a good answer are kept, and under which names.
    keeps: dict[str, str] = msgspec.field(default_factory=_keep_all)
    # What is presented as a bearer token.
    bearer: str = "access_token"

    def prepare(self, values: Values) -> Request:
        """Fill the request in."""
        known = _Known(values)
        basic = bearer = None
        if self.auth is Auth.BASIC:
            basic = (values.get("client_id", ""), values.get("client_secret", ""))
        elif self.auth is Auth.BEARER:
            bearer = values.get(self.bearer, "")
        return Request(
            method=self.method,
            path=self.path,
            parameters=tuple(
                (name, template.format_map(known)) for name, template in self.parameters
            ),
            basic=basic,
            bearer=bearer,
        )

    def ready(self, values: Values) -> bool:
        """Tell whether everything is known that it needs."""
        return all(values.get(name) for name in self.needs)

    def learn(self, values: Values, answer: Answer) -> dict[str, str]:
        """Return what the flow knows after an answer."""
        known = dict(values)
        if not answer.ok:
            return known
        for member, value in answer.members().items():
            name = self.keeps.get(member)
            if name is None or not isinstance(value, str):
                continue
            if name == "refresh_token" and name in known:
                # The first one stays known: to present it again is a mistake worth seeing.
                known.setdefault("first_refresh_token", known[name])
            known[name] = value
        return known


class _Known(dict[str, str]):
    """What is not known is left out."""

    def __missing__(self, _name: str) -> str:
        return ""
