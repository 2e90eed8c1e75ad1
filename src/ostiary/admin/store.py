"""What management needs of the store: uncached reads, lists by pages, and one way to write.

The store fits these Protocols structurally. Lists are ordered by their key and continue
after the key of the last record seen; no deleted record is in a list.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from ostiary.admin.people import People
from ostiary.clock import Clock, Entropy
from ostiary.identity.factors import FactorReader
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.keyring import KeyRing
from ostiary.model.administrator import Administrator
from ostiary.model.client import Client, ClientKind
from ostiary.model.domain import DomainProof, VerifiedDomain
from ostiary.model.grant import Grant, Usage
from ostiary.model.image import Image
from ostiary.model.organization import Api, Organization, Project, RoleAssignment
from ostiary.model.policy import Configuration
from ostiary.model.registration import RegistrationToken, UnusedClient
from ostiary.model.session import Session
from ostiary.model.setup import SetupToken
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.model.webhook import Webhook
from ostiary.oauth.effects import Effects
from ostiary.oauth.key_source import KeySource

PAGE = 100


class Directory(People, FactorReader, Protocol):
    """The reads of management: from the database, never from a cache."""

    async def read_organization(self, organization_id: str) -> Organization | None:
        """Return the organization, whatever its state."""
        ...

    async def read_verified_domain(self, domain: str) -> VerifiedDomain | None:
        """Return whose a domain is for certain."""
        ...

    async def read_image(self, owner: str) -> Image | None:
        """Return the logo of an owner."""
        ...

    async def read_project(self, project_id: str) -> Project | None:
        """Return the project, whatever its state."""
        ...

    async def read_api(self, api_id: str) -> Api | None:
        """Return the API, whatever its state."""
        ...

    async def read_api_by_audience(self, audience: str) -> Api | None:
        """Return the API that is not deleted and has this audience."""
        ...

    async def read_client(self, client_id: str) -> Client | None:
        """Return the client, whatever its state."""
        ...

    async def read_user(self, user_id: str) -> User | None:
        """Return the user, whatever their state."""
        ...

    async def read_user_by_login_name(self, name: str) -> User | None:
        """Return the user who signs in under this case-folded name."""
        ...

    async def read_role_assignment(
        self, project_id: str, user_id: str, organization_id: str | None = None
    ) -> RoleAssignment | None:
        """Return the roles in a project that an organization gave somebody or a group.

        Without one, those that the project's own organization gave.
        """
        ...

    async def read_role_assignment_by_id(self, assignment_id: str) -> RoleAssignment | None:
        """Return the role assignment with this id."""
        ...

    async def read_administrator(self, administrator_id: str) -> Administrator | None:
        """Return the administrator with this id."""
        ...

    async def administrators_of(self, user_id: str) -> tuple[Administrator, ...]:
        """Return everything that a user or service account administers, ordered by id."""
        ...

    async def list_administrators(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Administrator, ...]:
        """Return administrators ordered by id, of one project, one organization or all."""
        ...

    async def read_setup_token(self, digest: bytes) -> SetupToken | None:
        """Return the setup token with this digest, used up or not, expired or not."""
        ...

    async def read_webhook(self, webhook_id: str) -> Webhook | None:
        """Return the webhook, whatever its state."""
        ...

    async def list_webhooks(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Webhook, ...]:
        """Return webhooks ordered by id, of one organization or of all."""
        ...

    async def settled_position(self) -> int:
        """Return the end of the audit trail: no event will come to stand at or before it."""
        ...

    async def ticket(self, digest: bytes) -> Ticket | None:
        """Return the ticket whose secret has this digest, used up or not."""
        ...

    async def unused_ticket(self, user_id: str, purpose: Purpose) -> Ticket | None:
        """Return the last ticket of a user for a purpose that was not used, expired or not."""
        ...

    async def list_tickets_of_user(
        self, user_id: str, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return the tickets of a user for a purpose, used up or not, ordered by id."""
        ...

    async def list_tickets(
        self, organization_id: str | None, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return tickets that were not used, ordered by id: of one organization or of all."""
        ...

    async def read_configuration(self) -> Configuration:
        """Return the configuration of the instance."""
        ...

    async def list_organizations(self, after: str, limit: int) -> tuple[Organization, ...]:
        """Return organizations ordered by id."""
        ...

    async def list_projects(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Project, ...]:
        """Return projects ordered by id, of one organization or of all."""
        ...

    async def list_apis(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Api, ...]:
        """Return APIs ordered by id, of one project, one organization or all."""
        ...

    async def list_clients(
        self,
        kind: ClientKind,
        organization_id: str | None,
        project_id: str | None,
        after: str,
        limit: int,
    ) -> tuple[Client, ...]:
        """Return clients of a kind ordered by client_id."""
        ...

    async def list_users(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[User, ...]:
        """Return users ordered by id, of one organization or of all."""
        ...

    async def read_session(self, session_id: str) -> Session | None:
        """Return the session, ended or not."""
        ...

    async def list_sessions(self, user_id: str, after: str, limit: int) -> tuple[Session, ...]:
        """Return the sessions of a user that were not ended, ordered by id."""
        ...

    async def list_role_assignments(
        self,
        project_id: str | None,
        user_id: str | None,
        after: str,
        limit: int,
        organization_id: str | None = None,
    ) -> tuple[RoleAssignment, ...]:
        """Return role assignments ordered by id; `organization_id` is who gave them."""
        ...


class Grants(Protocol):
    """The reads of what people let applications do."""

    async def read_grant(self, grant_id: str) -> Grant | None:
        """Return a grant, in whatever state."""
        ...

    async def list_grants(
        self, user_id: str, now: int, after: str, limit: int
    ) -> tuple[Grant, ...]:
        """Return the grants of a user that are good at `now`, ordered by id."""
        ...


class Store(Directory, Protocol):
    """Reads, and the one way to write."""

    async def apply(self, effects: Effects) -> None:
        """Apply effects in one transaction.

        Raises:
            Conflict: a precondition did not hold; nothing was applied.
        """
        ...


class Registrations(Store, Protocol):
    """What dynamic registration reads and writes besides."""

    async def registration_token(self, digest: bytes) -> RegistrationToken | None:
        """Return the initial access token with this digest, expired or not."""
        ...

    async def read_registration_token(self, token_id: str) -> RegistrationToken | None:
        """Return an initial access token, expired or not."""
        ...

    async def list_registration_tokens(
        self, after: str, limit: int
    ) -> tuple[RegistrationToken, ...]:
        """Return initial access tokens ordered by id."""
        ...

    async def read_unused_client(self, client_id: str) -> UnusedClient | None:
        """Return the note that a client was not used yet, if there is one."""
        ...

    async def list_unused_clients(
        self, until: int, after: tuple[int, str], limit: int
    ) -> tuple[UnusedClient, ...]:
        """Return clients that registered themselves until then and were not used, oldest first."""
        ...

    async def count_unused_clients(self, since: int, limit: int) -> int:
        """Count those that registered themselves since then; counting stops at `limit`."""
        ...

    async def usage(self, keys: tuple[str, ...]) -> dict[str, Usage]:
        """Return the counters that exist under these keys; lapsed windows included."""
        ...


async def read_no_sector(_address: str) -> tuple[str, ...] | None:
    """Read nothing: for operations that register no clients."""
    return None


async def prove_nothing(_record: str, _url: str, _value: str) -> DomainProof | None:
    """Find no proof: for operations that verify no domains."""
    return None


class NoKeys:
    """No keys: for operations that make no links."""

    async def ring(self) -> KeyRing:
        """Return an empty ring."""
        return KeyRing((), (), KeyEncryptionKeys(bytes(32)))


class Admin(msgspec.Struct, frozen=True):
    """Everything that a management operation works with."""

    issuer: str
    store: Store
    clock: Clock
    entropy: Entropy
    # Makes the hash of a normalised password, in a pool that does not hold up others.
    hash_password: Callable[[bytes], Awaitable[str]]
    # Tells why the server would not fetch from an address, or None.
    check_address: Callable[[str], Awaitable[str | None]]
    # Reads the redirect URIs behind a sector identifier; None where that cannot be.
    read_sector: Callable[[str], Awaitable[tuple[str, ...] | None]] = read_no_sector
    # Looks for a value in the TXT records of a name, then at an address; tells where it is.
    find_domain_proof: Callable[[str, str, str], Awaitable[DomainProof | None]] = prove_nothing
    # The keys that the links of invitations are made with.
    keys: KeySource = NoKeys()
