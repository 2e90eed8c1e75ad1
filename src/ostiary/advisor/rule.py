"""What a rule is: the answers that it holds for, and the registration that it leads to."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from ostiary.advisor.conditions import Condition

MINUTE, HOUR, DAY = 60, 3600, 86400


class Door(StrEnum):
    """What is made for a rule, and so which operation makes it."""

    APPLICATION = "application"
    SERVICE_ACCOUNT = "service_account"


class ClientType(StrEnum):
    """Whether it can keep its credentials to itself (RFC 6749, 2.1)."""

    CONFIDENTIAL = "confidential"
    PUBLIC = "public"


class Sender(StrEnum):
    """How much it matters that a stolen token is of no use to the thief (RFC 9700, 2.2.1)."""

    NO = "no"
    OPTIONAL = "optional"
    RECOMMENDED = "recommended"
    REQUIRED = "required"


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """For which purposes there is a refresh token, and how long it lives, in seconds."""

    purposes: frozenset[str] = frozenset({"away"})
    idle: int
    absolute: int


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome.

    `methods` are ways to authenticate, best first; `settings` is client metadata, or what a
    service account is made with; `lifetime` is that of access tokens, in seconds. What
    `needs` a capability that is not there leads to the rule that is `nearest`. `proof` names
    tests, below `tests/`, in which a real client goes this way.
    """

    id: str
    flow: str
    when: tuple[Condition, ...]
    client: ClientType
    methods: tuple[str, ...]
    settings: Mapping[str, Any]
    drawing: str
    lifetime: int = 5 * MINUTE
    sender: Sender = Sender.OPTIONAL
    door: Door = Door.APPLICATION
    # Whether people sign in, and are sent back to an address.
    people: bool = True
    redirects: bool = True
    refresh: Refresh | None = None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    nearest: str | None = None
    proof: tuple[str, ...] = ()
    # Only for what cannot do better, with a reason and an end.
    legacy: bool = False


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer adds to a rule, whatever the rule.

    `settings` are for all that people sign in to, `confidential` for whoever can keep a
    key, `requests` for whoever sends people to the authorization endpoint. `lifetime` and
    `refresh` shorten what the rule gives.
    """

    id: str
    when: Condition
    lifetime: int | None = None
    refresh: Refresh | None = None
    settings: Mapping[str, Any] = {}
    requests: Mapping[str, Any] = {}
    method: str | None = None
    sender: Sender | None = None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    # Of public clients alone.
    public_warnings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
