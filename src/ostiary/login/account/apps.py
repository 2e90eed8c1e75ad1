"""Applications that can act for a person, and the end of one of them."""

import msgspec

from ostiary.login.account.person import NotYours, Person, twice
from ostiary.login.account.store import AccountStore
from ostiary.model.client import Client, ClientKind, ClientState
from ostiary.model.grant import Consent
from ostiary.oauth.effects import Effects, Emit, RevokeAccess, Update
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.logout.notice import logout_notice, wants_notice
from ostiary.store.reads.accounts import Access

REASON = "user_revoked"


class App(msgspec.Struct, frozen=True, kw_only=True):
    """An application as its user sees it: what it can do now, what it was allowed, or both."""

    client: Client
    access: Access | None
    consent: Consent | None

    @property
    def scopes(self) -> tuple[str, ...]:
        """All that it can do, or may do when the person signs in to it again."""
        granted = () if self.access is None else self.access.scopes
        allowed = () if self.consent is None else self.consent.scopes
        return tuple(dict.fromkeys((*allowed, *granted)))

    @property
    def since(self) -> int:
        """Since when, as far as is known."""
        times = []
        if self.access is not None:
            times.append(self.access.since)
        if self.consent is not None:
            times.append(self.consent.granted_at)
        return min(times)


async def list_apps(store: AccountStore, person: Person) -> tuple[App, ...]:
    """Return the applications that can act for a person, or may, ordered by client_id.

    Raises:
        Unavailable: the store cannot answer now.
    """
    access = {one.client_id: one for one in await store.access_of(person.user, person.now)}
    consents = {one.client_id: one for one in await store.consents_of(person.user.id)}
    found = []
    for client_id in sorted({*access, *consents}):
        client = await store.client(client_id)
        if client is None or client.kind is ClientKind.BUILT_IN:
            continue
        if client.state is not ClientState.DELETED:
            app = App(client=client, access=access.get(client_id), consent=consents.get(client_id))
            found.append(app)
    return tuple(found)


async def disconnect(
    store: AccountStore, keys: KeySource, person: Person, client_id: str
) -> Client:
    """End all that an application can do for a person; others go on.

    Its codes, access tokens and refresh tokens are refused from now on, and it is asked for
    again when the person comes back to it.

    Raises:
        NotYours: the person has given this application nothing.
        Unavailable: the store cannot answer now.
    """
    apps = {app.client.client_id: app for app in await list_apps(store, person)}
    app = apps.get(client_id)
    if app is None:
        raise NotYours
    told = await _tell(store, keys, person, app.client)

    async def step() -> None:
        consent = await store.consent(person.user.id, client_id)
        withdrawn: Effects = ()
        if consent is not None and consent.revoked_at is None:
            withdrawn = (Update(consent, {"revoked_at": person.now}),)
        ended = RevokeAccess(person.user.id, client_id, REASON, person.now)
        event = person.event("consent.revoked", client_id=client_id, scopes=list(app.scopes))
        await store.apply((*withdrawn, ended, *told, Emit(event)))

    await twice(step)
    return app.client


async def _tell(store: AccountStore, keys: KeySource, person: Person, client: Client) -> Effects:
    """Tell an application that its sessions of the person are over, if it wants to know."""
    if not wants_notice(client):
        return ()
    ring = await keys.ring()
    sessions = await store.sessions_with(person.user.id, client.client_id)
    return tuple(logout_notice(client, session, ring, person.now) for session in sessions)
