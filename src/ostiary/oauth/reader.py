"""The reads that the protocol may do. The store fits these Protocols structurally.

Configuration (clients, organizations, projects, APIs, policies, keys) is answered from a
cache that is never staler than one second; everything else is a keyed read. Each answers
with one joined read, so that a step decides on one moment.
"""

from typing import Protocol

import msgspec

from ostiary.model.client import Client
from ostiary.model.grant import (
    AccessToken,
    AuthorizationCode,
    Consent,
    DeviceCode,
    Grant,
    Interaction,
    PushedRequest,
    RefreshFamily,
    Usage,
)
from ostiary.model.membership import Membership
from ostiary.model.organization import Api, Organization, Project, RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.policy import Configuration, Policies
from ostiary.model.session import Browser, Session
from ostiary.model.user import User


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A grant together with the session and user that it rests on, as of one moment."""

    grant: Grant
    session: Session
    user: User


class CodeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code and its grant."""

    code: AuthorizationCode
    standing: Standing


class FamilyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh family and its grant."""

    family: RefreshFamily
    standing: Standing


class TokenStanding(msgspec.Struct, frozen=True, kw_only=True):
    """An opaque access token and its grant, which client_credentials tokens do not have."""

    token: AccessToken
    standing: Standing | None


class JwtStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a JWT that was issued here: its grant, and whether it was revoked."""

    burnt: bool
    standing: Standing | None


class PersonalStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A personal access token and its user; None where it is a service account's."""

    token: PersonalToken
    user: User | None


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a browser and its user."""

    session: Session
    user: User


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A client together with everything that administrators decide about its requests."""

    client: Client
    organization: Organization | None
    project: Project | None
    apis: tuple[Api, ...]
    policies: Policies
    configuration: Configuration


class ConfigurationReader(Protocol):
    """Cached reads of what administrators decide."""

    async def registration(self, client_id: str) -> Registration | None:
        """Return the client, whatever its state, with what governs it: one read for all."""
        ...

    async def client(self, client_id: str) -> Client | None:
        """Return the client, whatever its state."""
        ...

    async def legacy_clients(self) -> tuple[Client, ...]:
        """Return an active client for each use of flows that are no longer recommended."""
        ...

    async def is_web_origin(self, origin: str) -> bool:
        """Tell whether an active client has registered this origin for its pages."""
        ...

    async def organization(self, organization_id: str) -> Organization | None:
        """Return the organization, whatever its state."""
        ...

    async def organization_of_domain(self, domain: str) -> Organization | None:
        """Return the organization that a domain belongs to for certain, whatever its state."""
        ...

    async def project(self, project_id: str) -> Project | None:
        """Return the project, whatever its state."""
        ...

    async def apis(self, organization_id: str) -> tuple[Api, ...]:
        """Return the active APIs of all projects of an organization, ordered by id."""
        ...

    async def policies(self, organization_id: str) -> Policies:
        """Return the policies in force for an organization."""
        ...

    async def configuration(self) -> Configuration:
        """Return the configuration of the instance."""
        ...


class RoleReader(Protocol):
    """What role claims read."""

    async def role_assignments(self, project_id: str, user_id: str) -> tuple[RoleAssignment, ...]:
        """Return what somebody is in a project: directly, by groups and by project grants."""
        ...

    async def group_keys(self, organization_id: str, user_id: str) -> tuple[str, ...]:
        """Return the keys of the groups of an organization that somebody is in."""
        ...


class MemberReader(Protocol):
    """What tells where somebody belongs; uncached, so that a membership ends at once."""

    async def read_membership(self, organization_id: str, user_id: str) -> Membership | None:
        """Return that a user belongs to an organization that is not their home."""
        ...

    async def list_memberships(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return where a user is a member besides their home, ordered by organization."""
        ...


class CodeReader(Protocol):
    """What the authorization code grant reads."""

    async def code(self, digest: bytes) -> CodeStanding | None:
        """Return the code, consumed or not, expired or not."""
        ...


class FamilyReader(Protocol):
    """What the refresh token grant reads."""

    async def refresh_family(self, family_id: bytes) -> FamilyStanding | None:
        """Return the family, in whatever state."""
        ...


class TokenReader(Protocol):
    """What whoever is shown an access token reads."""

    async def access_token(self, digest: bytes) -> TokenStanding | None:
        """Return the opaque access token, in whatever state."""
        ...

    async def personal_token(self, digest: bytes) -> PersonalStanding | None:
        """Return a personal access token with the user whose it is, if it is a user's."""
        ...

    async def standing(self, grant_id: str) -> Standing | None:
        """Return a grant with its session and user."""
        ...

    async def jwt(self, grant_id: str | None, scope: str, jti: bytes) -> JwtStanding:
        """Return the grant that a JWT names, if any, and whether its jti was burned."""
        ...


class PushedReader(Protocol):
    """What a request that refers to a pushed one reads."""

    async def pushed_request(self, digest: bytes) -> PushedRequest | None:
        """Return a pushed authorization request, in whatever state."""
        ...


class DeviceReader(Protocol):
    """What the device code grant and the page for it read."""

    async def device_code(self, digest: bytes) -> DeviceCode | None:
        """Return a device code, in whatever state."""
        ...

    async def device_by_user_code(self, user_code: str) -> DeviceCode | None:
        """Return the last device that has shown this code, in whatever state.

        None also where two wait under it: nobody can tell which one is meant.
        """
        ...


class BrowserReader(Protocol):
    """What the authorization endpoint and the login pages read."""

    async def browser(self, digest: bytes) -> Browser | None:
        """Return the browser that holds the cookie with this digest."""
        ...

    async def sessions(self, browser_id: str) -> tuple[SignedIn, ...]:
        """Return the sessions of a browser that were not revoked, last used first."""
        ...

    async def clients_of_session(self, session_id: str) -> tuple[str, ...]:
        """Return the ids of the clients that a session was used with."""
        ...

    async def interaction(self, digest: bytes) -> Interaction | None:
        """Return a pending authorization request, in whatever state."""
        ...

    async def pending_interactions(self, peer: str | None, now: int, limit: int) -> int:
        """Count the requests that wait for a person: neither consumed nor expired at `now`.

        Those of one peer, or of all where `peer` is None. Counting stops at `limit`, so
        that a flood does not make the count expensive.
        """
        ...

    async def consent(self, user_id: str, client_id: str) -> Consent | None:
        """Return what the user allowed the client, revoked or not."""
        ...


class UserReader(Protocol):
    """What login reads."""

    async def user(self, user_id: str) -> User | None:
        """Return the user, whatever their state."""
        ...

    async def user_by_login_name(self, name: str) -> User | None:
        """Return the user who signs in under this case-folded name."""
        ...

    async def usage(self, keys: tuple[str, ...]) -> dict[str, Usage]:
        """Return the counters that exist under these keys; lapsed windows included."""
        ...


class Reader(
    ConfigurationReader,
    RoleReader,
    MemberReader,
    CodeReader,
    FamilyReader,
    TokenReader,
    PushedReader,
    DeviceReader,
    BrowserReader,
    UserReader,
    Protocol,
):
    """All reads of the protocol."""
