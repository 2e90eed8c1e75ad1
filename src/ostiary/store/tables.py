"""One table per record type: which fields are columns, and which share a JSON column.

A field is a column where a statement searches by it, changes it alone or asks for it in
a precondition. All others are kept as JSON in the column `data`, so that most new fields
need no migration.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ostiary.model.administrator import Administrator
from ostiary.model.client import Client
from ostiary.model.domain import VerifiedDomain
from ostiary.model.factor import Factor, TrustedDevice
from ostiary.model.grant import (
    AccessToken,
    AuthorizationCode,
    Consent,
    DeviceCode,
    Grant,
    Interaction,
    PushedRequest,
    RefreshFamily,
)
from ostiary.model.idempotency import KeptAnswer
from ostiary.model.image import Image
from ostiary.model.key import InstanceKey, SigningKey
from ostiary.model.lint import Mend, Silence
from ostiary.model.membership import Group, GroupMember, Membership, ProjectGrant
from ostiary.model.organization import Api, Organization, Project, RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.policy import Configuration
from ostiary.model.record import Record
from ostiary.model.registration import RegistrationToken, UnusedClient
from ostiary.model.session import Browser, Session
from ostiary.model.setup import SetupToken
from ostiary.model.ticket import Ticket
from ostiary.model.trace import Trace
from ostiary.model.user import LoginName, User
from ostiary.model.webhook import Webhook
from ostiary.store.words import words_of


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """How one record type is stored.

    `columns` includes the key. `natural` keys are chosen by people or made of other
    keys, so that two inserts may meet; the others are random. A change of a
    `configuration` table is told to every process. The `revocation` fields are set by
    revoking alone, never by an update. `derived` makes what the column `data` holds besides
    the fields: what triggers of the database keep searchable.
    """

    record: type[Record]
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    natural: bool = False
    configuration: bool = False
    revocation: tuple[str, ...] = ()
    derived: Callable[[Any], dict[str, Any]] | None = None


# In the order in which PostgreSQL locks rows, so that two steps never wait for each other.
TABLES: tuple[Table, ...] = (
    Table(
        record=Organization,
        name="organizations",
        key=("id",),
        columns=("id", "version", "state"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=VerifiedDomain,
        name="verified_domains",
        key=("domain",),
        columns=("domain", "organization_id"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=Image,
        name="images",
        key=("id",),
        columns=("id", "version", "digest", "content"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=Project,
        name="projects",
        key=("id",),
        columns=("id", "version", "organization_id", "state"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=Api,
        name="apis",
        key=("id",),
        columns=("id", "version", "organization_id", "project_id", "audience", "state"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=Client,
        name="clients",
        key=("client_id",),
        columns=(
            "client_id",
            "version",
            "kind",
            "organization_id",
            "project_id",
            "state",
            "uses_legacy",
        ),
        natural=True,
        configuration=True,
    ),
    Table(
        record=RoleAssignment,
        name="role_assignments",
        key=("id",),
        columns=("id", "version", "organization_id", "project_id", "user_id", "grant_id"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=Administrator,
        name="administrators",
        key=("id",),
        columns=("id", "version", "user_id", "role", "organization_id", "project_id"),
        natural=True,
    ),
    Table(
        record=Configuration,
        name="configuration",
        key=("id",),
        columns=("id", "version"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=SigningKey,
        name="signing_keys",
        key=("kid",),
        columns=("kid", "version", "alg", "state", "private_sealed", "created_at"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=InstanceKey,
        name="instance_keys",
        key=("id",),
        columns=("id", "version", "purpose", "key_version", "sealed", "created_at"),
        natural=True,
        configuration=True,
    ),
    Table(
        record=User,
        name="users",
        key=("id",),
        columns=("id", "version", "organization_id", "username", "state"),
        natural=True,
        derived=lambda user: {"words": words_of(user)},
    ),
    Table(
        record=LoginName,
        name="login_names",
        key=("name",),
        columns=("name", "user_id"),
        natural=True,
    ),
    Table(
        record=Membership,
        name="memberships",
        key=("organization_id", "user_id"),
        columns=("organization_id", "user_id"),
        natural=True,
    ),
    Table(
        record=Group,
        name="user_groups",
        key=("id",),
        columns=("id", "version", "organization_id", "key"),
        natural=True,
    ),
    Table(
        record=GroupMember,
        name="group_members",
        key=("group_id", "user_id"),
        columns=("group_id", "user_id"),
        natural=True,
    ),
    Table(
        record=ProjectGrant,
        name="project_grants",
        key=("id",),
        columns=("id", "version", "project_id", "organization_id", "granted_organization_id"),
        natural=True,
    ),
    Table(
        record=PersonalToken,
        name="personal_tokens",
        key=("digest",),
        columns=("digest", "version", "id", "user_id", "organization_id", "expires_at"),
    ),
    Table(
        record=Factor,
        name="factors",
        key=("id",),
        columns=("id", "version", "user_id", "kind"),
        natural=True,
    ),
    Table(
        record=TrustedDevice,
        name="trusted_devices",
        key=("id",),
        columns=("id", "user_id", "created_at", "expires_at"),
        natural=True,
    ),
    Table(
        record=SetupToken,
        name="setup_tokens",
        key=("digest",),
        columns=("digest", "created_at", "expires_at", "consumed_at"),
    ),
    Table(
        record=Ticket,
        name="tickets",
        key=("digest",),
        columns=(
            "digest",
            "id",
            "purpose",
            "user_id",
            "organization_id",
            "flow",
            "created_at",
            "expires_at",
            "consumed_at",
        ),
    ),
    Table(
        record=KeptAnswer,
        name="kept_answers",
        key=("digest",),
        columns=("digest", "created_at", "expires_at"),
        natural=True,
    ),
    Table(
        record=RegistrationToken,
        name="registration_tokens",
        key=("id",),
        columns=("id", "digest", "created_at", "expires_at", "uses"),
    ),
    Table(
        record=UnusedClient,
        name="unused_clients",
        key=("client_id",),
        columns=("client_id", "version", "created_at"),
    ),
    Table(
        record=Silence,
        name="silences",
        key=("client_id", "rule", "target"),
        columns=("client_id", "rule", "target", "version"),
        natural=True,
    ),
    Table(
        record=Mend,
        name="mends",
        key=("id",),
        columns=("id", "version", "client_id", "expires_at"),
    ),
    Table(
        record=Webhook,
        name="webhooks",
        key=("id",),
        columns=("id", "version", "organization_id", "state"),
        natural=True,
    ),
    Table(
        record=Browser,
        name="browsers",
        key=("id",),
        columns=("id", "version", "digest", "created_at", "expires_at"),
    ),
    Table(
        record=Session,
        name="sessions",
        key=("id",),
        columns=(
            "id",
            "version",
            "browser_id",
            "user_id",
            "last_seen_at",
            "idle_expires_at",
            "expires_at",
            "revoked_at",
            "revoked_reason",
        ),
        revocation=("revoked_at", "revoked_reason"),
    ),
    Table(
        record=Grant,
        name="grants",
        key=("id",),
        columns=(
            "id",
            "client_id",
            "user_id",
            "session_id",
            "offline",
            "created_at",
            "expires_at",
            "revoked_at",
            "revoked_reason",
        ),
        revocation=("revoked_at", "revoked_reason"),
    ),
    Table(
        record=Consent,
        name="consents",
        key=("user_id", "client_id"),
        columns=("user_id", "client_id", "version", "granted_at", "revoked_at"),
        natural=True,
    ),
    Table(
        record=Interaction,
        name="interactions",
        key=("digest",),
        columns=(
            "digest",
            "version",
            "browser_id",
            "client_id",
            "peer",
            "created_at",
            "expires_at",
            "consumed_at",
        ),
    ),
    Table(
        record=PushedRequest,
        name="pushed_requests",
        key=("digest",),
        columns=("digest", "client_id", "created_at", "expires_at", "consumed_at"),
    ),
    Table(
        record=DeviceCode,
        name="device_codes",
        key=("digest",),
        columns=(
            "digest",
            "version",
            "user_code",
            "client_id",
            "created_at",
            "expires_at",
            "consumed_at",
        ),
    ),
    Table(
        record=AuthorizationCode,
        name="authorization_codes",
        key=("digest",),
        columns=("digest", "grant_id", "client_id", "created_at", "expires_at", "consumed_at"),
    ),
    Table(
        record=RefreshFamily,
        name="refresh_families",
        key=("id",),
        columns=(
            "id",
            "version",
            "grant_id",
            "client_id",
            "generation",
            "key_version",
            "rotated_at",
            "created_at",
            "idle_expires_at",
            "expires_at",
        ),
    ),
    Table(
        record=AccessToken,
        name="access_tokens",
        key=("digest",),
        columns=("digest", "grant_id", "client_id", "issued_at", "expires_at", "revoked_at"),
        revocation=("revoked_at",),
    ),
    Table(
        record=Trace,
        name="traces",
        key=("id",),
        columns=(
            "id",
            "at",
            "turn",
            "outcome",
            "client_id",
            "organization_id",
            "project_id",
            "flow",
            "grant_id",
            "session_id",
        ),
    ),
)
