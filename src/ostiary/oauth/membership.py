"""Where people belong: their own organization, and those that they are members of.

Somebody acts for one of them where an application wants to know which, or where its request
names one. Whatever was granted then rests on it: it ends with the membership, and is worth
nothing while the organization is suspended.
"""

from typing import Protocol

import msgspec

from ostiary.model.membership import Membership
from ostiary.model.narrowing import join_mfa
from ostiary.model.organization import Organization, State
from ostiary.model.policy import Policies
from ostiary.model.user import User
from ostiary.oauth.errors import InvalidScope
from ostiary.oauth.instructions import Kind, find, organization_of
from ostiary.oauth.reader import ConfigurationReader, MemberReader, Standing

MAX_MEMBERSHIPS = 100
"""How many organizations somebody can be a member of besides their own."""


class Reader(ConfigurationReader, MemberReader, Protocol):
    """What is read here."""


class Footing(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant rests on besides its session and its user, as of now."""

    # The user's own organization.
    home: Organization | None = None
    # The organization that the user acts for, if any, and that they are a member of it.
    acting: Organization | None = None
    membership: Membership | None = None


async def read_footing(standing: Standing, reader: Reader) -> Footing:
    """Read what a grant rests on."""
    user, acting_id = standing.user, standing.grant.acting_organization_id
    home = await reader.organization(user.organization_id)
    if acting_id is None:
        return Footing(home=home)
    if acting_id == user.organization_id:
        return Footing(home=home, acting=home)
    return Footing(
        home=home,
        acting=await reader.organization(acting_id),
        membership=await reader.read_membership(acting_id, user.id),
    )


async def named_organization(scopes: tuple[str, ...], reader: ConfigurationReader) -> str | None:
    """Return the organization that scopes name, whose people alone may sign in; None: any.

    Raises:
        InvalidScope: they name several, or one that does not exist.
    """
    domains = {}
    for one in find(scopes, Kind.DOMAIN):
        owner = await reader.organization_of_domain(one.value)
        domains[one.value] = "" if owner is None else owner.id
    named = organization_of(scopes, domains)
    if named is None:
        return None
    organization = await reader.organization(named)
    if organization is None or organization.state is not State.ACTIVE:
        raise InvalidScope(
            "There is no organization with the id or the domain that a scope names.",
            rule="organization-unknown",
        )
    return named


async def organizations_of(user: User, reader: Reader) -> tuple[Organization, ...]:
    """Return the active organizations that somebody belongs to: their own, then by name."""
    memberships = await reader.list_memberships(user.id, "", MAX_MEMBERSHIPS)
    home = await reader.organization(user.organization_id)
    others = [await reader.organization(one.organization_id) for one in memberships]
    others.sort(key=lambda one: ("", "") if one is None else (one.name.casefold(), one.id))
    return tuple(one for one in (home, *others) if one is not None and one.state is State.ACTIVE)


async def belongs(user: User, organization_id: str, reader: Reader) -> bool:
    """Tell whether an active organization is the home of a user, or they are a member of it."""
    organization = await reader.organization(organization_id)
    if organization is None or organization.state is not State.ACTIVE:
        return False
    if user.organization_id == organization_id:
        return True
    return await reader.read_membership(organization_id, user.id) is not None


async def policies_for(user: User, acting_id: str | None, reader: Reader) -> Policies:
    """Return the policies that somebody signs in under, acting for an organization or none.

    They are those of their own organization; the one that they act for may demand a second
    factor besides.
    """
    own = await reader.policies(user.organization_id)
    if acting_id is None or acting_id == user.organization_id:
        return own
    return join_mfa(own, await reader.policies(acting_id))
