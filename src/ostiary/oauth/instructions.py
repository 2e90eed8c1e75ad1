"""Scopes that say how to sign in or what to put into tokens, rather than what may be done.

They are written as ZITADEL writes them, and each has a twin under Ostiary's own prefix;
claims have the prefix that was asked with. They belong to no API, so no application lists
them: those that tell of a person are for applications that may ask for `profile`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from ostiary.jose import base64url
from ostiary.model.client import Client
from ostiary.model.organization import Organization
from ostiary.model.user import User
from ostiary.oauth.errors import InvalidScope

PREFIXES = ("urn:ostiary:iam:", "urn:zitadel:iam:")
_PROJECT, _AUDIENCE = "org:project:id:", ":aud"
_ORGANIZATION = "org:id:"
_DOMAIN = "org:domain:primary:"
PROFILE = "profile"


class Kind(StrEnum):
    """What an instruction is about."""

    AUDIENCE = "audience"
    ORGANIZATION = "organization"
    DOMAIN = "domain"
    METADATA = "user:metadata"
    RESOURCE_OWNER = "user:resourceowner"
    ROLES = "org:projects:roles"


# Instructions without a value; the second name of roles is that of the claim.
_PLAIN = {
    "user:metadata": Kind.METADATA,
    "user:resourceowner": Kind.RESOURCE_OWNER,
    "org:projects:roles": Kind.ROLES,
    "org:project:roles": Kind.ROLES,
}


class Instruction(msgspec.Struct, frozen=True):
    """An instruction: its prefix, what it is about, and the id that it names, if any."""

    prefix: str
    kind: Kind
    value: str = ""


def parse(scope: str) -> Instruction | None:
    """Read a scope, or return None where it is none of these."""
    prefix = next((one for one in PREFIXES if scope.startswith(one)), None)
    if prefix is None:
        return None
    rest = scope.removeprefix(prefix)
    if rest in _PLAIN:
        return Instruction(prefix, _PLAIN[rest])
    if rest.startswith(_PROJECT) and rest.endswith(_AUDIENCE):
        value = rest[len(_PROJECT) : -len(_AUDIENCE)]
        return Instruction(prefix, Kind.AUDIENCE, value) if value else None
    if rest.startswith(_ORGANIZATION) and rest != _ORGANIZATION:
        return Instruction(prefix, Kind.ORGANIZATION, rest.removeprefix(_ORGANIZATION))
    if rest.startswith(_DOMAIN) and rest != _DOMAIN:
        return Instruction(prefix, Kind.DOMAIN, rest.removeprefix(_DOMAIN).lower())
    return None


def find(scopes: Iterable[str], kind: Kind) -> tuple[Instruction, ...]:
    """Return the instructions of a kind."""
    found = (parse(scope) for scope in scopes)
    return tuple(one for one in found if one is not None and one.kind is kind)


def excess(scopes: Iterable[str], client: Client) -> tuple[str, ...]:
    """Return the scopes that a client may not have."""
    return tuple(scope for scope in scopes if not may_have(scope, client))


def may_have(scope: str, client: Client) -> bool:
    """Tell whether a client may have a scope: it is registered for it, or need not be."""
    if scope in client.allowed_scopes:
        return True
    instruction = parse(scope)
    if instruction is None:
        return False
    if instruction.kind in {Kind.AUDIENCE, Kind.ORGANIZATION, Kind.DOMAIN}:
        return True
    return PROFILE in client.allowed_scopes


def projects_of(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the projects that tokens are to be for."""
    return tuple(dict.fromkeys(one.value for one in find(scopes, Kind.AUDIENCE)))


def organization_of(scopes: Iterable[str], domains: Mapping[str, str]) -> str | None:
    """Return the organization that scopes name, whose people alone may sign in; None: any.

    `domains` are the organizations of the domains that they name.

    Raises:
        InvalidScope: they name several.
    """
    scopes = tuple(scopes)
    named = {one.value for one in find(scopes, Kind.ORGANIZATION)}
    named |= {domains[one.value] for one in find(scopes, Kind.DOMAIN)}
    if len(named) > 1:
        raise InvalidScope(
            "The request names several organizations; a person signs in with one.",
            rule="organization-several",
            received=" ".join(sorted(named)),
        )
    return next(iter(named), None)


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What instructions and assertions need besides the user: read only where it is asked for."""

    # The person's roles in the application's project, each with the organizations that gave
    # it and their domains; None where nobody asked.
    roles: dict[str, dict[str, str]] | None = None
    # Keys of the person's groups in the application's organization; None where nobody asked.
    groups: tuple[str, ...] | None = None
    # The person's own organization, and the one that they act for, where that was said.
    organization: Organization | None = None
    acting: Organization | None = None


def claims(scopes: tuple[str, ...], user: User, extras: Extras) -> dict[str, Any]:
    """Return what the scopes ask to be told about a person."""
    told: dict[str, Any] = {}
    for one in find(scopes, Kind.METADATA):
        encoded = {
            key: base64url.encode(value.encode("utf-8", "surrogatepass"))
            for key, value in user.metadata.items()
        }
        told[f"{one.prefix}user:metadata"] = encoded
    owner = extras.organization
    if owner is not None:
        for one in find(scopes, Kind.RESOURCE_OWNER):
            name = f"{one.prefix}user:resourceowner:"
            told[f"{name}id"] = owner.id
            told[f"{name}name"] = owner.name
            if owner.domains:
                told[f"{name}primary_domain"] = owner.domains[0]
    return told


def organization_claims(scopes: Iterable[str], extras: Extras) -> dict[str, Any]:
    """Return which organization a person acts for, where they chose one or a scope names it.

    The claims have the prefixes that the organization was named with, or else our own.
    """
    acting = extras.acting
    if acting is None:
        return {}
    scopes = tuple(scopes)
    naming = (*find(scopes, Kind.ORGANIZATION), *find(scopes, Kind.DOMAIN))
    told: dict[str, Any] = {}
    for prefix in dict.fromkeys(one.prefix for one in naming) or PREFIXES[:1]:
        told[f"{prefix}org:id"] = acting.id
        told[f"{prefix}org:name"] = acting.name
        if acting.domains:
            told[f"{prefix}org:primary_domain"] = acting.domains[0]
    return told


def role_claims(scopes: tuple[str, ...], extras: Extras, *, asserted: bool) -> dict[str, Any]:
    """Return a person's roles: as an array where asserted, and in the form that was asked for.

    With them go the person's groups, for applications that are told of them.
    """
    told: dict[str, Any] = {}
    if extras.groups is not None:
        told["groups"] = list(extras.groups)
    if extras.roles is None:
        return told
    if asserted:
        told["roles"] = list(extras.roles)
    for one in find(scopes, Kind.ROLES):
        told[f"{one.prefix}org:project:roles"] = extras.roles
    return told


def wants_roles(client: Client, scopes: Iterable[str]) -> bool:
    """Tell whether anybody has to know the roles."""
    asserted = client.id_token_role_assertion or client.access_token_role_assertion
    return asserted or bool(find(scopes, Kind.ROLES))
