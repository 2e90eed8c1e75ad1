"""Two organizations with everything in them, their administrators, and calls of the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from ostiary.admin import (
    administrators,
    apis,
    clients,
    groups,
    invitations,
    memberships,
    mends,
    organizations,
    personal_tokens,
    project_grants,
    projects,
    registration_tokens,
    role_assignments,
    roles,
    service_account_keys,
    service_accounts,
    users,
    webhooks,
)
from ostiary.admin.actor import operator
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.apis import ApiFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.groups import GroupFields
from ostiary.admin.invitations import InvitationFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.personal_tokens import PersonalTokenFields
from ostiary.admin.project_grants import ProjectGrantFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.store import Admin
from ostiary.admin.user_fields import EmailFields, PasswordFields, UserFields
from ostiary.admin.webhooks import WebhookFields
from ostiary.model.administrator import AdministratorRole
from ostiary.model.event import Result
from ostiary.model.factor import EmailCode, Factor, FactorKind, Passkey, TrustedDevice
from ostiary.model.grant import AccessToken, Grant
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth import handle, management
from ostiary.oauth.effects import Enqueue, Insert, Update
from ostiary.oauth.logout.notice import TOPIC
from ostiary.web.api.endpoint import Service
from support.authorization import make_session
from support.instance import ENTROPY, ISSUER, Instance, open_instance

API = management.PATH
AUDIENCE = management.audience_of(ISSUER)
ROOT = operator("root")
SECRET = "a-secret-of-more-than-32-characters+%&"


class World:
    """An instance with the organizations `t1` and `t2`; ids begin with that of the organization."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.store: Any = instance.store
        self.admin: Admin = Service(instance.idp).admin
        # Ids that are made, by organization and kind.
        self.ids: dict[str, dict[str, str]] = {}
        transport = httpx.ASGITransport(instance.app, client=("192.0.2.9", 40000))
        self.http = httpx.AsyncClient(transport=transport, base_url=ISSUER)

    async def fill(self, t: str) -> None:
        """Make an organization with one of everything."""
        admin, ids = self.admin, self.ids.setdefault(t, {})
        await organizations.create(
            admin, ROOT, OrganizationFields(id=t, name=t.upper(), domains=(f"{t}.test",))
        )
        await organizations.create(admin, ROOT, OrganizationFields(id=f"{t}-empty"))
        for project in (f"{t}-shop", f"{t}-bare"):
            await projects.create(admin, ROOT, t, ProjectFields(id=project))
        for key in ("clerk", "unused"):
            await roles.create(admin, ROOT, f"{t}-shop", RoleFields(key=key))
        await apis.create(
            admin, ROOT, f"{t}-shop", ApiFields(id=f"{t}-api", audience=f"https://{t}.test")
        )
        await clients.create(
            admin,
            ROOT,
            f"{t}-shop",
            ClientMetadata(
                client_id=f"{t}-web",
                redirect_uris=("https://app.test/cb",),
                grant_types=("authorization_code", "refresh_token"),
            ),
        )
        await service_accounts.create(
            admin,
            ROOT,
            t,
            ServiceAccountFields(
                id=f"{t}-robot", client_secret=SECRET, allowed_scopes=(management.SCOPE,)
            ),
        )
        added = await service_account_keys.add(admin, ROOT, f"{t}-robot", alg="ES256")
        ids["key"] = added.key_id
        alice = await users.create(admin, ROOT, t, UserFields(username=f"{t}-alice"))
        ids["user"] = alice.id
        assigned = await role_assignments.assign(
            admin,
            ROOT,
            RoleAssignmentFields(project=f"{t}-shop", user=f"{t}-alice", roles=("clerk",)),
        )
        ids["assignment"] = assigned.id
        ids["session"], ids["grant"] = await self.connect(alice.id, t, f"{t}-web")
        bob = await users.create(admin, ROOT, t, UserFields(username=f"{t}-bob"))
        ids["bob"] = bob.id
        reachable = await users.create(
            admin,
            ROOT,
            t,
            UserFields(
                username=f"{t}-dora",
                password=PasswordFields(plain="correct horse battery staple"),
                email=EmailFields(address=f"dora@{t}.test", verified=True),
            ),
        )
        ids["reachable"] = reachable.id
        unproven = UserFields(username=f"{t}-erin", email=EmailFields(address=f"erin@{t}.test"))
        ids["unproven"] = (await users.create(admin, ROOT, t, unproven)).id
        invited = await invitations.invite(
            admin, ROOT, t, InvitationFields(email=f"carol@{t}.test")
        )
        ids["invited"] = invited.user.id
        made = await administrators.grant(
            admin,
            ROOT,
            AdministratorFields(
                role=AdministratorRole.PROJECT_OWNER, user=f"{t}-bob", project=f"{t}-shop"
            ),
        )
        ids["administrator"] = made.id
        request = WebhookFields(id=f"{t}-hook", url="https://siem.example.com/events")
        await webhooks.create(admin, ROOT, t, request)
        await self.fill_traces(t)
        await self.fill_groups(t)
        await self.fill_credentials(t)
        await self.fill_lint(t)

    async def fill_lint(self, t: str) -> None:
        """Make an application that lint finds something about, and mend one thing."""
        own = ("http://localhost/cb", "http://127.0.0.1/cb")
        request = ClientMetadata(
            client_id=f"{t}-mixed", redirect_uris=("https://mixed.test/cb", *own)
        )
        await clients.create(self.admin, ROOT, f"{t}-shop", request)
        mended = await mends.mend(
            self.admin,
            self.store,
            ROOT,
            f"{t}-mixed",
            rule="redirect-uri-loopback",
            target=own[1],
        )
        self.ids[t]["mend"] = mended.mend.id

    async def fill_traces(self, t: str) -> None:
        """Have a request of the application have failed."""
        trace = Trace(
            id=f"{t}-trace",
            at=self.instance.clock.now(),
            endpoint=Endpoint.TOKEN,
            outcome=Result.FAILURE,
            client_id=f"{t}-web",
            organization_id=t,
            project_id=f"{t}-shop",
            rule="code-expired",
        )
        await self.store.apply((Insert(trace),))

    async def fill_groups(self, t: str) -> None:
        """Make a group, and have somebody and something shared with another organization."""
        admin, ids = self.admin, self.ids[t]
        group = await groups.create(admin, ROOT, t, GroupFields(key="staff"))
        ids["group"] = group.id
        await groups.add_member(admin, ROOT, group.id, ids["user"])
        member = await memberships.add(admin, ROOT, t, "alice")
        ids["member"] = member.user_id
        request = ProjectGrantFields(organization="acme", roles=("clerk",))
        shared = await project_grants.create(admin, ROOT, f"{t}-shop", request)
        ids["project_grant"] = shared.id

    async def fill_credentials(self, t: str) -> None:
        """Give somebody factors, and make one of each kind of token and message."""
        admin, ids, now = self.admin, self.ids[t], self.instance.clock.now()
        owner = ids["reachable"]
        passkey = Passkey(credential_id=t.encode(), public_key=b"key")
        credentials = {FactorKind.PASSKEY: passkey, FactorKind.EMAIL_CODE: EmailCode()}
        for kind, credential in credentials.items():
            factor = Factor(
                id=f"{t}-{kind}", user_id=owner, kind=kind, credential=credential, created_at=now
            )
            await self.store.apply((Insert(factor),))
        user = await self.store.user(owner)
        await self.store.apply((Update(user, {"factors": tuple(credentials)}),))
        ids["factor"] = f"{t}-{FactorKind.EMAIL_CODE}"
        ids["device"] = f"{t}-device"
        device = TrustedDevice(
            id=ids["device"], user_id=owner, created_at=now, expires_at=now + 600
        )
        await self.store.apply((Insert(device),))
        token = PersonalTokenFields(service_account=f"{t}-robot", scopes=(management.SCOPE,))
        ids["token"] = (await personal_tokens.create(admin, ROOT, token)).token.id
        issued = await registration_tokens.create(admin, ROOT)
        ids["registration"] = issued.record.id
        payload = {"client_id": f"{t}-web", "sub": owner, "session_id": ids["session"]}
        await self.store.apply((Enqueue(TOPIC, payload, now + 600),))
        waiting = await self.store.list_messages(TOPIC, 0, 9, failed=False)
        ids["delivery"] = str(waiting[-1].id)

    async def connect(
        self, user_id: str, organization_id: str, client_id: str, **grant: Any
    ) -> tuple[str, str]:
        """Have somebody signed in, with a grant; return the ids of session and grant."""
        now = self.instance.clock.now()
        session = make_session(user_id, now, id=f"session-{handle.random_text(ENTROPY)[:12]}")
        session = msgspec.structs.replace(session, organization_id=organization_id)
        record = Grant(
            **{
                "id": f"grant-{handle.random_text(ENTROPY)[:12]}",
                "client_id": client_id,
                "user_id": user_id,
                "organization_id": organization_id,
                "session_id": session.id,
                "sid": "sid",
                "scopes": ("openid", management.SCOPE),
                "auth_time": now,
                "acr": "urn:ostiary:acr:1fa",
                "amr": ("pwd",),
                "created_at": now,
                "expires_at": now + 40 * 86400,
                **grant,
            }
        )
        await self.store.apply((Insert(session), Insert(record)))
        return session.id, record.id

    async def token(self, client_id: str, user_id: str | None = None, **fields: Any) -> str:
        """Issue an opaque access token for the API."""
        now = self.instance.clock.now()
        grant_id = None
        if user_id is not None:
            user = await self.store.user(user_id)
            _, grant_id = await self.connect(user_id, user.organization_id, client_id)
        text = handle.make(handle.Kind.ACCESS_TOKEN, ENTROPY)
        record = AccessToken(
            **{
                "digest": handle.digest(text),
                "jti": text[-8:],
                "grant_id": grant_id,
                "client_id": client_id,
                "subject": user_id or client_id,
                "scopes": (management.SCOPE,),
                "audience": (AUDIENCE,),
                "issued_at": now,
                "expires_at": now + 600,
                **fields,
            }
        )
        await self.store.apply((Insert(record),))
        return text

    async def administrator(
        self, role: str, t: str = "t1", project: str | None = None, *, machine: bool = False
    ) -> str:
        """Make somebody of an organization who holds one role; return an access token of theirs."""
        place: dict[str, str] = {}
        if role.startswith("org"):
            place = {"organization": t}
        elif role == "project_owner":
            place = {"project": project or f"{t}-shop"}
        name = f"{t}-{role}-{handle.random_text(ENTROPY)[:6]}".replace("_", "-")
        if machine:
            fields = ServiceAccountFields(id=name, allowed_scopes=(management.SCOPE,))
            await service_accounts.create(self.admin, ROOT, t, fields)
            request = AdministratorFields(
                role=AdministratorRole(role), service_account=name, **place
            )
            await administrators.grant(self.admin, ROOT, request)
            return await self.token(name)
        user = await users.create(self.admin, ROOT, t, UserFields(username=name))
        request = AdministratorFields(role=AdministratorRole(role), user=user.id, **place)
        await administrators.grant(self.admin, ROOT, request)
        return await self.token(f"{t}-web", user.id)

    async def call(
        self,
        method: str,
        path: str,
        token: str | None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """Call an operation."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return await self.http.request(
            method, API + path, json=body, headers=sent, params=query or None
        )


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    """Open an instance with both organizations."""
    async with open_instance(folder) as instance:
        world = World(instance)
        for t in ("t1", "t2"):
            await world.fill(t)
        yield world
        await world.http.aclose()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem document of this kind; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    assert (found["status"], found["code"]) == (status, code)
    assert found["type"] == f"/api/docs#problem-{code}"
    assert found["title"]
    assert len(found["trace_id"]) == 16
    return found
