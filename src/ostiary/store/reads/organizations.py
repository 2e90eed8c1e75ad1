"""Organizations, projects, APIs and role assignments."""

from functools import partial

import msgspec

from ostiary.model.administrator import Administrator
from ostiary.model.domain import VerifiedDomain
from ostiary.model.image import Image
from ostiary.model.organization import Api, Organization, Project, RoleAssignment
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_ORGANIZATION = by_key(Organization)
_DOMAIN = by_key(VerifiedDomain)
_IMAGE = by_key(Image)
_IMAGE_BY_DIGEST = query(
    f"SELECT {codec_of(Image).select('r')} FROM images r WHERE r.digest = ?1 LIMIT 1"
)
_PROJECT = by_key(Project)
_API = by_key(Api)

_APIS_OF_ORGANIZATION = query(
    f"SELECT {codec_of(Api).select('r')} FROM apis r "
    "WHERE r.organization_id = ?1 AND r.state = 'active' ORDER BY r.id"
)
_API_BY_AUDIENCE = query(
    f"SELECT {codec_of(Api).select('r')} FROM apis r WHERE r.audience = ?1 AND r.state <> 'deleted'"
)
_ASSIGNMENT_BY_ID = by_key(RoleAssignment)
_ADMINISTRATOR = by_key(Administrator)
_ADMINISTRATORS_OF_USER = query(
    f"SELECT {codec_of(Administrator).select('r')} FROM administrators r "
    "WHERE r.user_id = ?1 ORDER BY r.id"
)
_ASSIGNMENT = query(
    f"SELECT {codec_of(RoleAssignment).select('r')} FROM role_assignments r "
    "WHERE r.user_id = ?1 AND r.project_id = ?2 AND r.organization_id = ?3"
)
_OWN_ASSIGNMENT = query(
    f"SELECT {codec_of(RoleAssignment).select('r')} FROM role_assignments r "
    "WHERE r.user_id = ?1 AND r.project_id = ?2 AND r.grant_id IS NULL"
)


class OrganizationReads(Reads):
    """Reads of what organizations are made of."""

    async def organization(self, organization_id: str) -> Organization | None:
        """Return the organization, whatever its state; also one that is part of the program."""
        furnished = self._furnished
        if furnished is not None and organization_id == furnished.organization.id:
            return furnished.organization
        load = partial(self.read_organization, organization_id)
        return await self._cached(("organization", organization_id), load)

    async def organization_of_domain(self, domain: str) -> Organization | None:
        """Return the organization that a domain belongs to for certain, whatever its state."""
        load = partial(self.read_verified_domain, domain)
        found = await self._cached(("domain", domain), load)
        return None if found is None else await self.organization(found.organization_id)

    async def image(self, owner: str) -> Image | None:
        """Return the logo of an owner, `organization:` or `application:` and its id.

        Without its content: many logos are named for each one that is sent.
        """
        return await self._cached(("image", owner), partial(self._load_image, owner))

    async def image_by_digest(self, digest: str) -> Image | None:
        """Return a logo by what it is served under."""
        return await self._one(Image, _IMAGE_BY_DIGEST, digest)

    async def project(self, project_id: str) -> Project | None:
        """Return the project, whatever its state; also one that is part of the program."""
        if self._furnished is not None and project_id == self._furnished.project.id:
            return self._furnished.project
        return await self._cached(("project", project_id), partial(self.read_project, project_id))

    async def apis(self, organization_id: str) -> tuple[Api, ...]:
        """Return the active APIs of all projects of an organization, ordered by id."""
        if self._furnished is not None and organization_id == self._furnished.organization.id:
            return self._furnished.apis
        load = partial(self._all, Api, _APIS_OF_ORGANIZATION, organization_id)
        return await self._cached(("apis", organization_id), load) or ()

    async def read_organization(self, organization_id: str) -> Organization | None:
        """Return the organization from the database, whatever its state."""
        return await self._one(Organization, _ORGANIZATION, organization_id)

    async def read_verified_domain(self, domain: str) -> VerifiedDomain | None:
        """Return whose a domain is, from the database."""
        return await self._one(VerifiedDomain, _DOMAIN, domain)

    async def read_image(self, owner: str) -> Image | None:
        """Return the logo of an owner from the database."""
        return await self._one(Image, _IMAGE, owner)

    async def _load_image(self, owner: str) -> Image | None:
        found = await self.read_image(owner)
        return None if found is None else msgspec.structs.replace(found, content=b"")

    async def read_project(self, project_id: str) -> Project | None:
        """Return the project from the database, whatever its state."""
        return await self._one(Project, _PROJECT, project_id)

    async def read_api(self, api_id: str) -> Api | None:
        """Return the API from the database, whatever its state."""
        return await self._one(Api, _API, api_id)

    async def read_api_by_audience(self, audience: str) -> Api | None:
        """Return the API that is not deleted and has this audience."""
        return await self._one(Api, _API_BY_AUDIENCE, audience)

    async def read_role_assignment(
        self, project_id: str, user_id: str, organization_id: str | None = None
    ) -> RoleAssignment | None:
        """Return the roles in a project that an organization gave somebody or a group.

        Without one, those that the project's own organization gave.
        """
        if organization_id is None:
            return await self._one(RoleAssignment, _OWN_ASSIGNMENT, user_id, project_id)
        return await self._one(RoleAssignment, _ASSIGNMENT, user_id, project_id, organization_id)

    async def read_role_assignment_by_id(self, assignment_id: str) -> RoleAssignment | None:
        """Return the role assignment with this id."""
        return await self._one(RoleAssignment, _ASSIGNMENT_BY_ID, assignment_id)

    async def read_administrator(self, administrator_id: str) -> Administrator | None:
        """Return the administrator with this id."""
        return await self._one(Administrator, _ADMINISTRATOR, administrator_id)

    async def administrators_of(self, user_id: str) -> tuple[Administrator, ...]:
        """Return everything that a user or service account administers, ordered by id."""
        return await self._all(Administrator, _ADMINISTRATORS_OF_USER, user_id)

    async def list_organizations(self, after: str, limit: int) -> tuple[Organization, ...]:
        """Return organizations ordered by id, without deleted ones."""
        return await self._list(Organization, after, limit)

    async def list_projects(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Project, ...]:
        """Return projects ordered by id, of one organization or of all."""
        return await self._list(Project, after, limit, organization_id=organization_id)

    async def list_apis(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Api, ...]:
        """Return APIs ordered by id, of one project, one organization or all."""
        return await self._list(
            Api, after, limit, organization_id=organization_id, project_id=project_id
        )

    async def list_role_assignments(
        self,
        project_id: str | None,
        user_id: str | None,
        after: str,
        limit: int,
        organization_id: str | None = None,
    ) -> tuple[RoleAssignment, ...]:
        """Return role assignments ordered by id; `organization_id` is who gave them."""
        return await self._list(
            RoleAssignment,
            after,
            limit,
            project_id=project_id,
            user_id=user_id,
            organization_id=organization_id,
        )

    async def list_administrators(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Administrator, ...]:
        """Return administrators ordered by id, of one project, one organization or all."""
        return await self._list(
            Administrator, after, limit, organization_id=organization_id, project_id=project_id
        )
