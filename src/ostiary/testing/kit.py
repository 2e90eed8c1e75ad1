"""What a test asks of its server."""

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from ostiary.admin import (
    apis,
    apply,
    clients,
    grants,
    organizations,
    projects,
    role_assignments,
    roles,
    sessions,
    users,
)
from ostiary.admin import keys as signing_keys
from ostiary.admin.actor import system
from ostiary.admin.apis import ApiFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode
from ostiary.admin.defaults import establish
from ostiary.admin.document import Document
from ostiary.admin.errors import NotFound
from ostiary.admin.keys import KeyAdmin
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.store import PAGE
from ostiary.admin.user_fields import UserFields
from ostiary.admin.user_passwords import new_password
from ostiary.egress.inbox import Inbox
from ostiary.jobs.logout import Delivery
from ostiary.model.event import Event
from ostiary.testing.browser import Browser, origin_of
from ostiary.testing.clock import MovableClock
from ostiary.testing.code_flow import sign_in_and_exchange, token_of_machine
from ostiary.testing.notices import Notices
from ostiary.testing.things import Application, LogoutNotice, Mail, Person, Tokens
from ostiary.web.api.endpoint import Service
from ostiary.web.idp import Idp

_T = TypeVar("_T")

_ACTOR = system("testing")
_DEFAULT = organizations.DEFAULT_ID
_SCOPES = ("openid", "profile", "email", "offline_access")
_MAX_EVENTS = 1000


class Running(Protocol):
    """The server that a kit works on."""

    @property
    def clock(self) -> MovableClock:
        """Its clock."""
        ...

    @property
    def inbox(self) -> Inbox:
        """Where its mail goes."""
        ...

    @property
    def notices(self) -> Notices:
        """Where its logout notices go."""
        ...

    @property
    def idp(self) -> Idp:
        """The instance."""
        ...

    @property
    def delivery(self) -> Delivery:
        """What empties its outbox."""
        ...

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in its event loop."""
        ...


class Ostiary:
    """A running server, and everything that a test makes happen to it.

    People, applications and all else are made by the same operations as those of the
    management API: what breaks a rule raises the same error, which says what to change.
    """

    def __init__(self, running: Running) -> None:
        self._running = running
        self._admin = Service(running.idp).admin
        # The server's clock. `move(seconds)` lets what it issued before expire.
        self.clock = running.clock
        self._do(establish(self._admin))

    @property
    def issuer(self) -> str:
        """The address of the server, which is its issuer identifier."""
        return self._running.idp.issuer

    @property
    def discovery_url(self) -> str:
        """Where the server describes itself (OpenID Connect Discovery 1.0, 4)."""
        return f"{self.issuer}/.well-known/openid-configuration"

    def add_organization(self, id_: str, **fields: Any) -> str:
        """Make an organization, and in it a project of the same id; return the id.

        Raises:
            AdminError: a value breaks a rule, or the id is taken.
        """
        request = decode(OrganizationFields, {"id": id_, **fields})
        self._do(organizations.create(self._admin, _ACTOR, request))
        self._do(projects.create(self._admin, _ACTOR, id_, ProjectFields(id=id_)))
        return id_

    def add_user(
        self,
        username: str = "alice",
        *,
        organization: str = _DEFAULT,
        password: str | None = None,
        **fields: Any,
    ) -> Person:
        """Make somebody with a name, a verified e-mail address and a password.

        `fields` are those of the management API, and win.

        Raises:
            AdminError: a value breaks a rule, or the name is taken.
        """
        chosen = password or new_password(self._admin.entropy)
        values = {
            "username": username,
            "password": {"plain": chosen},
            "email": {"address": f"{username}@example.test", "verified": True},
            "profile": {"given_name": username.capitalize(), "family_name": "Example"},
        }
        request = decode(UserFields, values | fields)
        made = self._do(users.create(self._admin, _ACTOR, organization, request))
        return Person(
            id=made.id,
            username=username,
            password=chosen,
            email=made.email,
            organization=organization,
        )

    def add_application(
        self, *redirect_uris: str, project: str = _DEFAULT, **metadata: Any
    ) -> Application:
        """Register an application: with redirect URIs one that people sign in to, else a machine.

        It has a secret, unless `metadata` says `token_endpoint_auth_method="none"` or
        registers keys. `metadata` are those of the management API, and win.

        Raises:
            AdminError: the metadata break rules, or the client_id is taken.
        """
        values: dict[str, Any] = {"client_name": "Application under test"}
        if redirect_uris:
            values["redirect_uris"] = list(redirect_uris)
            values["grant_types"] = ["authorization_code", "refresh_token"]
            values["allowed_scopes"] = list(_SCOPES)
        else:
            values["type"] = "API"
            values["grant_types"] = ["client_credentials"]
        if "token_endpoint_auth_method" not in metadata:
            values["token_endpoint_auth_method"] = "client_secret_basic"
        values |= {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in metadata.items()
        }
        made = self._do(
            clients.create(self._admin, _ACTOR, project, decode(ClientMetadata, values))
        )
        return Application(
            issuer=self.issuer,
            client_id=made.client.client_id,
            client_secret=made.client_secret or values.get("client_secret"),
            redirect_uris=made.client.redirect_uris,
            metadata=values,
        )

    def add_api(self, audience: str, *scopes: str, project: str = _DEFAULT) -> None:
        """Add an API with its scopes; applications get them by `allowed_scopes`.

        Raises:
            AdminError: a value breaks a rule, or is taken.
        """
        request = ApiFields(audience=audience, scopes=scopes)
        self._do(apis.create(self._admin, _ACTOR, project, request))

    def give_roles(self, person: Person, *keys: str, project: str = _DEFAULT) -> None:
        """Give somebody exactly these roles; those that the project lacks are made.

        Raises:
            AdminError: there is no such project, or a key breaks a rule.
        """
        for key in keys:
            try:
                self._do(roles.show(self._admin, _ACTOR, project, key))
            except NotFound:
                self._do(roles.create(self._admin, _ACTOR, project, RoleFields(key=key)))
        request = RoleAssignmentFields(project=project, user=person.username, roles=keys)
        self._do(role_assignments.assign(self._admin, _ACTOR, request))

    def apply(self, document: Mapping[str, Any]) -> None:
        """Bring about what a declarative document says, as `ostiary apply` does.

        Raises:
            AdminError: something in it cannot be; then nothing was written.
        """
        text = msgspec.json.encode(document).decode()
        read = Document("test.json", text, msgspec.json.decode(text))
        self._do(apply.apply(self._admin, _ACTOR, (read,)))

    def sign_in(self, url: str, person: Person, *, decision: str = "allow") -> str:
        """Do what the browser does where an application sends somebody to `url` to sign in.

        Returns the address at which the application gets its answer; nobody is asked there.
        What it answers by `form_post` stands in the query. `decision` is what the person
        says where consent is asked for: `allow` or `deny`.

        Raises:
            Stuck: a page says what is wrong with the request, or asks for something else.
        """
        with self.browser() as browser:
            page = browser.visit(url)
            if not page.arrived:
                page = browser.sign_in(url, person.username, person.password, decision=decision)
            return page.url

    def browser(self, *applications: str) -> Browser:
        """Open a browser without JavaScript that keeps its cookies: to come back signed in.

        Unless `applications` names what the addresses of applications begin with, it stops
        wherever it is sent off this server.
        """
        return Browser(*applications, live=True) if applications else _Tethered(self.issuer)

    def tokens(
        self,
        application: Application,
        person: Person | None = None,
        *,
        scope: str | None = None,
        **parameters: str,
    ) -> Tokens:
        """Get tokens, as the application would: for the tests of an API.

        With a person by the authorization code flow with PKCE, else by client credentials.

        Raises:
            Stuck: the server refuses, and says why.
        """
        if person is None:
            return token_of_machine(application, scope, parameters)
        wanted = " ".join(_SCOPES[:3]) if scope is None else scope
        return sign_in_and_exchange(
            application, lambda url: self.sign_in(url, person), wanted, parameters
        )

    def mails(self, to: str | None = None) -> list[Mail]:
        """Return the mails so far, the oldest first; only those to an address, if one is given."""
        self._deliver()
        return [
            Mail(to=one.to, subject=one.subject, text=one.text, html=one.html)
            for one in reversed(self._running.inbox.mails())
            if to is None or one.to == to
        ]

    def revoke(self, person: Person, application: Application | None = None) -> None:
        """End what somebody lets applications do, or one of them: its tokens are over at once."""
        store = self._running.idp.store
        listed = self._do(grants.list_of(self._admin, store, _ACTOR, person.id, limit=PAGE))
        for one in listed:
            if application is None or one.client_id == application.client_id:
                self._do(grants.revoke(self._admin, store, _ACTOR, one.id))

    def sign_out(self, person: Person) -> list[LogoutNotice]:
        """End somebody's sessions; return what the server tells applications of it."""
        self._do(sessions.revoke_all(self._admin, _ACTOR, person.id))
        return self.logout_notices()

    def logout_notices(self) -> list[LogoutNotice]:
        """Return what the server told applications of ended sessions since the last call."""
        self._deliver()
        return self._running.notices.drain()

    def rotate_keys(self, alg: str | None = None) -> list[str]:
        """Sign with new keys from now on, of one algorithm or of all; return their kids.

        The keys before stay published, so that what they signed can be verified.

        Raises:
            AdminError: the algorithm is not enabled.
        """
        idp = self._running.idp
        keys = KeyAdmin(store=idp.store, keks=idp.keks, clock=idp.clock, entropy=idp.entropy)
        made = self._do(signing_keys.rotate(keys, _ACTOR, alg, immediately=True))
        return [key.kid for key in made]

    def events(self, *types: str) -> list[Event]:
        """Return the audit events so far, the oldest first, of some types or of all."""
        listed = self._do(self._running.idp.store.list_events(types, None, _MAX_EVENTS))
        return [event for _, event in reversed(listed)]

    def _deliver(self) -> None:
        self._do(self._running.delivery.run())

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._running.call(work)


class _Tethered(Browser):
    """A browser that goes nowhere but to one server."""

    def __init__(self, issuer: str) -> None:
        super().__init__()
        self._issuer = issuer

    def leaves(self, url: str) -> bool:
        """Tell whether an address is not the server's."""
        return origin_of(url) != self._issuer
