"""Claims about a user (OpenID Connect Core 5.1, 5.4 and 5.5)."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ostiary.model.user import Profile, User


def _address(user: User) -> dict[str, Any] | None:
    if user.address is None:
        return None
    members: dict[str, Any] = msgspec.to_builtins(user.address)
    if members and "formatted" not in members:
        town = " ".join(filter(None, (user.address.postal_code, user.address.locality)))
        lines = (user.address.street_address, town, user.address.region, user.address.country)
        members["formatted"] = "\n".join(filter(None, lines))
    return members or None


def _name(user: User) -> str | None:
    profile = user.profile
    return profile.name or " ".join(filter(None, (profile.given_name, profile.family_name)))


def _of_profile(field: str) -> Callable[[User], Any]:
    return lambda user: getattr(user.profile, field)


_DERIVED: dict[str, Callable[[User], Any]] = {
    "name": _name,
    "preferred_username": lambda user: user.username,
    "updated_at": lambda user: user.updated_at or None,
    "email": lambda user: user.email,
    "email_verified": lambda user: user.email_verified if user.email else None,
    "phone_number": lambda user: user.phone_number,
    "phone_number_verified": lambda user: user.phone_number_verified if user.phone_number else None,
    "address": _address,
}
USER_CLAIMS: dict[str, Callable[[User], Any]] = {
    **{field: _of_profile(field) for field in Profile.__struct_fields__},
    **_DERIVED,
}
"""How each standard claim is read off a user; `sub` is the protocol's own."""

SCOPE_CLAIMS: dict[str, tuple[str, ...]] = {
    "profile": (*Profile.__struct_fields__, "preferred_username", "updated_at"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
}
"""Which claims a scope stands for (OpenID Connect Core 5.4)."""


def claims_of_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the claims that scopes ask for."""
    return tuple(name for scope in scopes for name in SCOPE_CLAIMS.get(scope, ()))


def requested_claims(claims: dict[str, Any] | None, place: str) -> dict[str, Any]:
    """Return the single claims that the `claims` parameter asks for (Core 5.5).

    `place` is `id_token` or `userinfo`; the answer maps a name to None or its
    `essential`, `value` and `values` members.
    """
    members = (claims or {}).get(place)
    return members if isinstance(members, dict) else {}


def within_scopes(
    claims: dict[str, dict[str, Any]], scopes: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Leave out the claims about a user that none of these scopes stands for.

    A client learns by single claims no more than by the scopes that it is registered for.
    """
    withheld = USER_CLAIMS.keys() - claims_of_scopes(scopes)
    kept = {
        place: {name: wish for name, wish in wanted.items() if name not in withheld}
        for place, wanted in claims.items()
    }
    return {place: wanted for place, wanted in kept.items() if wanted}


def read_claims(user: User, names: Iterable[str]) -> dict[str, Any]:
    """Read the named claims off a user; what the user does not have is left out (Core 5.3.2)."""
    found: dict[str, Any] = {}
    for name in names:
        read = USER_CLAIMS.get(name)
        value = None if read is None else read(user)
        if value not in (None, ""):
            found[name] = value
    return found
