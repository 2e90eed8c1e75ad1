"""Applications that register themselves (RFC 7591), and manage what they registered (RFC 7592).

What a client may say about itself is in `ostiary.admin.registration_metadata`; everything
else follows the policy `client_registration`.
"""

import hmac
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from ostiary.admin import apis, clients, policies, projects, registration_tokens
from ostiary.admin.actor import Actor, within
from ostiary.admin.change import commit
from ostiary.admin.clients import Registered
from ostiary.admin.defaults import establish
from ostiary.admin.errors import Contended, Invalid, NotAllowed
from ostiary.admin.registration_metadata import Terms, explain, read_metadata
from ostiary.admin.store import Admin, Registrations
from ostiary.admin.unused_clients import erase
from ostiary.model.client import Client, ClientKind, SelfRegistration
from ostiary.model.event import Source
from ostiary.model.organization import State
from ostiary.model.policy import ClientRegistration, RegistrationMode
from ostiary.model.registration import RegistrationToken, UnusedClient
from ostiary.oauth.effects import Conflict, Count, Effects, Insert
from ostiary.oauth.errors import (
    AccessDenied,
    InvalidClientMetadata,
    InvalidRequest,
    InvalidToken,
    TemporarilyUnavailable,
)
from ostiary.oauth.handle import Kind, digest, make, unseal
from ostiary.oauth.peer import peer_of
from ostiary.oauth.usable import Owners, client_refusal

# Without a token: of one network within a day, and in all as long as nobody uses them.
MAX_PER_PEER = 200
MAX_UNUSED = 20_000
_DAY = 86400

# Addresses that people are sent to, and that request objects are fetched from now and then.
# Names are theirs to choose; addresses of inner networks are not.
_LINKS = ("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri")
_HTTPS_ONLY = "initiate_login_uri"
# What the server says about a client, and the client does not say itself (RFC 7592, 2.2).
_OURS = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)

_log = structlog.get_logger("ostiary.registration")


class RegistrationOff(InvalidRequest):
    """Applications cannot register themselves: as if the endpoint were not there."""

    status = 404


class CrowdedOut(TemporarilyUnavailable):
    """Too many applications were registered, and not used."""

    status = 429


class Registrar(msgspec.Struct, frozen=True):
    """Registers applications for themselves. `store` is that of `admin`, with more reads."""

    admin: Admin
    store: Registrations
    # Whether addresses are not counted: in development, where all are this machine.
    uncounted: bool = False

    async def admit(self, presented: str | None) -> RegistrationToken | None:
        """Tell by which initial access token somebody registers; None where none is needed.

        Raises:
            RegistrationOff: nobody may.
            InvalidToken: one is needed, or the one that was presented is not good.
        """
        policy = await self._policy()
        if policy.mode is RegistrationMode.OFF:
            raise RegistrationOff(
                "Applications cannot register themselves here: the policy client_registration "
                "has the mode off.",
                rule="registration-off",
                section="RFC 7591, 3",
            )
        if presented is None and policy.mode is RegistrationMode.OPEN:
            return None
        found = None
        if presented is not None and unseal(Kind.INITIAL_ACCESS_TOKEN, presented) is not None:
            found = await self.store.registration_token(digest(presented))
        if found is None or not registration_tokens.is_good(found, self.admin.clock.now()):
            raise InvalidToken(
                "Registering needs an initial access token that is good: an administrator makes "
                "one by `ostiary app registration-token create`.",
                rule="initial-access-token",
                section="RFC 7591, 3",
            )
        return found

    async def register(
        self, body: dict[str, Any], token: RegistrationToken | None, source: Source
    ) -> tuple[Registered, str]:
        """Register an application; return it, and its registration access token.

        Raises:
            InvalidToken: the initial access token was used up.
            OAuthError: what it says of itself breaks a rule, or there are too many.
        """
        admin, now = self.admin, self.admin.clock.now()
        await self._hold_to_cap(token, now)
        project_id, organization_id = await self._place()
        terms = await self._terms(organization_id, None)
        text = make(Kind.REGISTRATION_ACCESS_TOKEN, admin.entropy)
        kind, name = ("registration_token", token.id) if token else ("anyone", "")
        actor = within(kind, name, organization_id, source)
        template = Client(
            client_id="",
            organization_id=organization_id,
            project_id=project_id,
            registration=SelfRegistration(
                token=digest(text), initial_token=token.id if token else None
            ),
        )
        try:
            metadata = read_metadata(body, terms)
            made, effects = await clients.register(admin, actor, template, metadata, "registered")
            await self._check_links(made.client, None)
        except Invalid as invalid:
            raise explain(invalid) from None
        unused = UnusedClient(client_id=made.client.client_id, created_at=now)
        try:
            await self.store.apply((*self._count(token, source, now), *effects, Insert(unused)))
        except Conflict as conflict:
            raise self._lost(conflict, token) from None
        return made, text

    async def authenticate(self, client_id: str, presented: str | None) -> Client:
        """Return the client that a registration access token is for.

        Raises:
            InvalidToken: it is another client's, or the client is gone or switched off; which
                of these it is, is not told.
        """
        found = await self.store.read_client(client_id)
        owners = Owners()
        if found is not None and found.project_id is not None:
            owners = Owners(
                organization=await self.store.read_organization(found.organization_id),
                project=await self.store.read_project(found.project_id),
            )
        stored = None if found is None else found.registration
        good = (
            stored is not None
            and presented is not None
            and unseal(Kind.REGISTRATION_ACCESS_TOKEN, presented) is not None
            and hmac.compare_digest(stored.token, digest(presented))
        )
        if found is None or not good or client_refusal(found, owners) is not None:
            raise InvalidToken(
                "This needs the registration access token of this client, as long as the client "
                "may be used.",
                rule="registration-access-token",
                section="RFC 7592, 2",
            )
        return found

    async def update(
        self, client_id: str, presented: str | None, body: dict[str, Any], source: Source
    ) -> Registered:
        """Replace everything that a client says about itself (RFC 7592, 2.2).

        Raises:
            InvalidToken: the registration access token is not good.
            OAuthError: what it says of itself breaks a rule.
        """

        async def step() -> tuple[Registered, Effects]:
            present = await self.authenticate(client_id, presented)
            _check_replacement(body, present)
            terms = await self._terms(present.organization_id, present)
            try:
                changed, effects = await clients.change(
                    self.admin,
                    _itself(present, source),
                    ClientKind.APPLICATION,
                    client_id,
                    read_metadata(body, terms),
                )
                await self._check_links(changed.client, present)
            except Invalid as invalid:
                raise explain(invalid) from None
            return changed, effects

        try:
            return await commit(self.admin, step)
        except NotAllowed:
            raise _withheld() from None
        except Contended:
            raise _contended() from None

    async def delete(self, client_id: str, presented: str | None, source: Source) -> None:
        """Delete a client at its own wish (RFC 7592, 2.3).

        Raises:
            InvalidToken: the registration access token is not good.
        """
        present = await self.authenticate(client_id, presented)
        actor = _itself(present, source)
        unused = await self.store.read_unused_client(client_id)
        if unused is not None:
            now = self.admin.clock.now()
            try:
                await self.store.apply(erase(present, unused, actor, now, "deleted"))
            except Conflict:
                _log.info("client_used_meanwhile", client_id=client_id)
            else:
                return
        try:
            await clients.delete(self.admin, actor, client_id)
        except NotAllowed:
            raise _withheld() from None
        except Contended:
            raise _contended() from None

    async def _policy(self) -> ClientRegistration:
        configuration = await self.store.read_configuration()
        return policies.in_force(configuration).client_registration

    async def _terms(self, organization_id: str, current: Client | None) -> Terms:
        return Terms(
            now=self.admin.clock.now(),
            policy=await self._policy(),
            known_scopes=await apis.scopes_of(self.admin, organization_id),
            current=current,
        )

    async def _place(self) -> tuple[str, str]:
        """Return the default project, where these applications live, and its organization."""
        await establish(self.admin)
        found = await self.store.read_project(projects.DEFAULT_ID)
        if found is None or found.state is not State.ACTIVE:
            raise AccessDenied(
                "Applications that register themselves live in the default project, which was "
                "deleted or switched off.",
                rule="registration-project",
            )
        return found.id, found.organization_id

    def _count(self, token: RegistrationToken | None, source: Source, now: int) -> Effects:
        if token is not None:
            return (registration_tokens.count_use(token, now),)
        if self.uncounted:
            return ()
        return (Count(f"registration:{peer_of(source.ip)}", MAX_PER_PEER, _DAY, now),)

    async def _hold_to_cap(self, token: RegistrationToken | None, now: int) -> None:
        if token is not None:
            return
        since = now - (await self._policy()).unused_days * _DAY
        if await self.store.count_unused_clients(since, MAX_UNUSED) >= MAX_UNUSED:
            raise CrowdedOut(
                "Too many applications registered themselves here and were not used yet.",
                rule="registration-total",
            )

    def _lost(self, conflict: Conflict, token: RegistrationToken | None) -> Exception:
        """Return what the loss of a step means."""
        if not isinstance(conflict.effect, Count):
            return _contended()
        if token is None:
            return CrowdedOut(
                "Too many applications were registered from this network today.",
                rule="registration-peer",
            )
        return InvalidToken(
            "This initial access token was used as often as it may be.",
            rule="initial-access-token-used",
            section="RFC 7591, 3",
        )

    async def _check_links(self, client: Client, before: Client | None) -> None:
        """Refuse addresses of inner networks, also where the server itself never goes.

        Raises:
            Invalid: naming the members.
        """
        for name, url in _links(client).items():
            if before is not None and _links(before).get(name) == url:
                continue
            parts = urlsplit(url)
            if name == _HTTPS_ONLY and parts.scheme != "https":
                raise Invalid.at(name, "must be an https URL")
            if _is_fixed(parts.hostname or "") and (wrong := await self.admin.check_address(url)):
                raise Invalid.at(name, wrong)


def _links(client: Client) -> dict[str, str]:
    own = {name: getattr(client, name) for name in _LINKS if getattr(client, name) is not None}
    others = client.localized.items()
    own |= {key: text for key, text in others if key.partition("#")[0] in _LINKS}
    return own | {f"request_uris[{index}]": uri for index, uri in enumerate(client.request_uris)}


def _is_fixed(host: str) -> bool:
    """Tell whether a host is an address or this machine, whatever a name server says."""
    last = host.rpartition(".")[2]
    return ":" in host or last.isdigit() or last == "localhost"


def _itself(client: Client, source: Source) -> Actor:
    return within("client", client.client_id, client.organization_id, source)


def _check_replacement(body: dict[str, Any], present: Client) -> None:
    """Hold a replacement to what RFC 7592, 2.2 says about names that are the server's."""
    ours = [name for name in _OURS if name in body]
    if ours:
        raise InvalidRequest(
            f"Leave out {', '.join(ours)}: these are the server's to say.",
            rule="registration-members",
            section="RFC 7592, 2.2",
        )
    if body.get("client_id") != present.client_id:
        raise InvalidClientMetadata(
            "client_id must be in the metadata, and the one of the address.",
            rule="registration-client-id",
            section="RFC 7592, 2.2",
        )
    secret = body.get("client_secret")
    if secret is not None and not _has_secret(present, secret):
        raise InvalidClientMetadata(
            "client_secret must be the one that was issued: a client cannot choose it.",
            rule="registration-client-secret",
            section="RFC 7592, 2.2",
        )


def _has_secret(client: Client, secret: object) -> bool:
    if not isinstance(secret, str):
        return False
    presented = digest(secret)
    matches = [hmac.compare_digest(one.digest, presented) for one in client.secrets]
    return any(matches)


def _withheld() -> AccessDenied:
    """Refuse a client that was given more since than it could have registered for."""
    return AccessDenied(
        "This application may manage the server in the names of people: only whoever "
        "administers the server changes it.",
        rule="registration-withheld",
    )


def _contended() -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        "Another request changed the same thing at the same time; send this one again.",
        rule="conflict",
    )
