"""Declarative configuration: what files may declare, and in which order it is made.

A file nests what belongs together; here it becomes a list of entries, each knowing its
parents and where it was declared, so that several files can declare parts of the same
organization and every message can name the file and line.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin.administrators import OF_INSTANCE, AdministratorFields
from ostiary.admin.apis import ApiFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import Request, decode
from ostiary.admin.document import Document
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.groups import GroupFields
from ostiary.admin.instance import InstanceFields
from ostiary.admin.invitations import InvitationFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.project_grants import ProjectGrantFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.admin.webhooks import WebhookFields
from ostiary.identity.users import canonical_name


class Kind(StrEnum):
    """What can be declared, in the order in which it is made."""

    INSTANCE = "instance"
    ORGANIZATION = "organization"
    PROJECT = "project"
    ROLE = "role"
    API = "api"
    SERVICE_ACCOUNT = "service_account"
    APPLICATION = "application"
    USER = "user"
    INVITATION = "invitation"
    MEMBER = "member"
    GROUP = "group"
    PROJECT_GRANT = "project_grant"
    ROLE_ASSIGNMENT = "role_assignment"
    WEBHOOK = "webhook"
    ADMINISTRATOR = "administrator"


class _Api(ApiFields, frozen=True, kw_only=True):
    id: str


class _Application(ClientMetadata, frozen=True, kw_only=True):
    client_id: str


class _ServiceAccount(ServiceAccountFields, frozen=True, kw_only=True):
    id: str


class _User(UserFields, frozen=True, kw_only=True):
    username: str


class MemberFields(Request, frozen=True, kw_only=True):
    """Somebody of another organization who is to belong to this one as well."""

    user: str


class _Webhook(WebhookFields, frozen=True, kw_only=True):
    id: str


class _Project(ProjectFields, frozen=True, kw_only=True):
    id: str
    roles: tuple[RoleFields, ...] | UnsetType | None = UNSET
    apis: tuple[_Api, ...] | UnsetType | None = UNSET
    applications: tuple[_Application, ...] | UnsetType | None = UNSET
    grants: tuple[ProjectGrantFields, ...] | UnsetType | None = UNSET


class _Organization(OrganizationFields, frozen=True, kw_only=True):
    id: str
    users: tuple[_User, ...] | UnsetType | None = UNSET
    invitations: tuple[InvitationFields, ...] | UnsetType | None = UNSET
    service_accounts: tuple[_ServiceAccount, ...] | UnsetType | None = UNSET
    projects: tuple[_Project, ...] | UnsetType | None = UNSET
    members: tuple[MemberFields, ...] | UnsetType | None = UNSET
    groups: tuple[GroupFields, ...] | UnsetType | None = UNSET
    role_assignments: tuple[RoleAssignmentFields, ...] | UnsetType | None = UNSET
    webhooks: tuple[_Webhook, ...] | UnsetType | None = UNSET
    administrators: tuple[AdministratorFields, ...] | UnsetType | None = UNSET

    later: ClassVar[frozenset[str]] = OrganizationFields.later - {"administrators"}


class Declaration(Request, frozen=True, kw_only=True):
    """One file."""

    instance: InstanceFields | UnsetType | None = UNSET
    organizations: tuple[_Organization, ...] | UnsetType | None = UNSET
    webhooks: tuple[_Webhook, ...] | UnsetType | None = UNSET
    administrators: tuple[AdministratorFields, ...] | UnsetType | None = UNSET


def scope_of(kind: Kind, organization_id: str, project_id: str) -> tuple[str, ...]:
    """Return within what the key of a thing of this kind is its own."""
    match kind:
        case Kind.ROLE | Kind.PROJECT_GRANT:
            return (project_id,)
        case Kind.MEMBER | Kind.GROUP:
            return (organization_id,)
        case Kind.ROLE_ASSIGNMENT | Kind.ADMINISTRATOR:
            return (organization_id, project_id)
        case _:
            return ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is declared: what it is to be, where it belongs, where it was written."""

    kind: Kind
    key: str
    request: Any
    organization_id: str = ""
    project_id: str = ""
    document: Document
    path: str

    @property
    def identity(self) -> tuple[str, ...]:
        """What no second entry may have."""
        return (self.kind, *scope_of(self.kind, self.organization_id, self.project_id), self.key)


class Misdeclared(Exception):
    """The files declare something that cannot be; nothing was written."""

    def __init__(self, problems: Iterable[tuple[Document, Problem]]) -> None:
        self.problems = tuple(_locate(document, problem) for document, problem in problems)
        super().__init__("; ".join(self.problems))


def _locate(document: Document, problem: Problem) -> str:
    line = document.line_of(problem.path)
    place = document.name if line is None else f"{document.name}:{line}"
    return f"{place}: {problem}"


def collect(documents: Iterable[Document]) -> tuple[Entry, ...]:
    """Return everything that the files declare, parents first.

    Raises:
        Misdeclared: a file has a key or value that cannot be, or two contradict.
    """
    problems: list[tuple[Document, Problem]] = []
    found: dict[tuple[str, ...], Entry] = {}
    for document in documents:
        try:
            declaration = decode(Declaration, {} if document.tree is None else document.tree)
        except Invalid as error:
            problems.extend((document, problem) for problem in error.problems)
            continue
        for entry in _flatten(document, declaration):
            other = found.get(entry.identity)
            if other is None:
                found[entry.identity] = entry
                continue
            joined, problem = _join(other, entry)
            found[entry.identity] = joined
            if problem is not None:
                problems.append((document, problem))
    if problems:
        raise Misdeclared(problems)
    order = list(Kind)
    return tuple(sorted(found.values(), key=lambda entry: order.index(entry.kind)))


def _join(first: Entry, second: Entry) -> tuple[Entry, Problem | None]:
    """Join two entries of one thing: only what contains others may be in several places."""
    place = _locate(first.document, Problem(first.path, "")).rstrip(": ")
    if first.kind not in {Kind.INSTANCE, Kind.ORGANIZATION, Kind.PROJECT}:
        return first, Problem(second.path, f"is declared before, at {place}")
    if first.organization_id != second.organization_id:
        return first, Problem(second.path, f"belongs to another organization at {place}")
    values: dict[str, Any] = {}
    for name in first.request.__struct_fields__:
        one, two = getattr(first.request, name), getattr(second.request, name)
        if one is not UNSET and two is not UNSET and one != two:
            return first, Problem(f"{second.path}.{name}", f"is another value than at {place}")
        values[name] = two if one is UNSET else one
    return msgspec.structs.replace(first, request=type(first.request)(**values)), None


def _flatten(document: Document, declaration: Declaration) -> Iterator[Entry]:
    if declaration.instance:
        yield Entry(
            kind=Kind.INSTANCE,
            key="instance",
            request=declaration.instance,
            document=document,
            path="instance",
        )
    for index, organization in enumerate(declaration.organizations or ()):
        yield from _flatten_organization(document, organization, f"organizations[{index}]")
    for index, webhook in enumerate(declaration.webhooks or ()):
        yield Entry(
            kind=Kind.WEBHOOK,
            key=webhook.id,
            request=webhook,
            document=document,
            path=f"webhooks[{index}]",
        )
    for index, administrator in enumerate(declaration.administrators or ()):
        yield _administrator(document, administrator, f"administrators[{index}]")


def _administrator(document: Document, request: AdministratorFields, path: str) -> Entry:
    """Return the entry of an administrator: several of one person are several entries."""
    subject = request.user or request.service_account or ""
    return Entry(
        kind=Kind.ADMINISTRATOR,
        key=f"{subject} {request.role}",
        request=request,
        organization_id=request.organization or "",
        project_id=request.project or "",
        document=document,
        path=path,
    )


def _flatten_organization(  # noqa: C901 - one branch a kind of thing
    document: Document, organization: _Organization, path: str
) -> Iterator[Entry]:
    def entry(kind: Kind, key: str, request: Any, place: str) -> Entry:
        return Entry(
            kind=kind,
            key=key,
            request=request,
            organization_id=organization.id,
            document=document,
            path=place,
        )

    yield entry(Kind.ORGANIZATION, organization.id, _narrow(OrganizationFields, organization), path)
    for index, account in enumerate(organization.service_accounts or ()):
        place = f"{path}.service_accounts[{index}]"
        yield entry(Kind.SERVICE_ACCOUNT, account.id, account, place)
    for index, user in enumerate(organization.users or ()):
        place = f"{path}.users[{index}]"
        yield entry(Kind.USER, canonical_name(user.username), user, place)
    for index, invitation in enumerate(organization.invitations or ()):
        place = f"{path}.invitations[{index}]"
        yield entry(Kind.INVITATION, canonical_name(invitation.email), invitation, place)
    for index, member in enumerate(organization.members or ()):
        place = f"{path}.members[{index}]"
        yield entry(Kind.MEMBER, canonical_name(member.user), member, place)
    for index, group in enumerate(organization.groups or ()):
        yield entry(Kind.GROUP, group.key, group, f"{path}.groups[{index}]")
    for index, project in enumerate(organization.projects or ()):
        yield from _flatten_project(document, organization.id, project, f"{path}.projects[{index}]")
    for index, assignment in enumerate(organization.role_assignments or ()):
        subject = assignment.user or assignment.service_account or assignment.group or ""
        yield msgspec.structs.replace(
            entry(Kind.ROLE_ASSIGNMENT, subject, assignment, f"{path}.role_assignments[{index}]"),
            project_id=assignment.project,
        )
    for index, webhook in enumerate(organization.webhooks or ()):
        yield entry(Kind.WEBHOOK, webhook.id, webhook, f"{path}.webhooks[{index}]")
    for index, administrator in enumerate(organization.administrators or ()):
        # Whoever is declared within an organization administers this one.
        request = administrator
        if not request.organization and request.role not in OF_INSTANCE:
            request = msgspec.structs.replace(request, organization=organization.id)
        yield _administrator(document, request, f"{path}.administrators[{index}]")


def _flatten_project(
    document: Document, organization_id: str, project: _Project, path: str
) -> Iterator[Entry]:
    def entry(kind: Kind, key: str, request: Any, place: str) -> Entry:
        return Entry(
            kind=kind,
            key=key,
            request=request,
            organization_id=organization_id,
            project_id=project.id,
            document=document,
            path=place,
        )

    yield entry(Kind.PROJECT, project.id, _narrow(ProjectFields, project), path)
    for index, role in enumerate(project.roles or ()):
        yield entry(Kind.ROLE, role.key, role, f"{path}.roles[{index}]")
    for index, api in enumerate(project.apis or ()):
        yield entry(Kind.API, api.id, api, f"{path}.apis[{index}]")
    for index, application in enumerate(project.applications or ()):
        place = f"{path}.applications[{index}]"
        yield entry(Kind.APPLICATION, application.client_id, application, place)
    for index, grant in enumerate(project.grants or ()):
        yield entry(Kind.PROJECT_GRANT, grant.organization, grant, f"{path}.grants[{index}]")


def _narrow(kind: type[Request], request: Request) -> Request:
    """Return a request without the things that are declared within it."""
    return kind(**{name: getattr(request, name) for name in kind.__struct_fields__})
