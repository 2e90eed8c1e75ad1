"""Secrets of applications and service accounts: a new one, and the end of earlier ones."""

from ostiary.admin import clients
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, revise
from ostiary.admin.client_values import check_secret
from ostiary.admin.clients import Registered
from ostiary.admin.errors import Invalid
from ostiary.admin.secrets import DEFAULT_OVERLAP, MAX_OVERLAP, new_secret, rotate
from ostiary.admin.store import Admin
from ostiary.model.client import Client, ClientKind
from ostiary.oauth.effects import Effects
from ostiary.oauth.registry import SECRET_METHODS


async def rotate_secret(  # noqa: PLR0913 - whose secret, which, and how long for the old one
    admin: Admin,
    actor: Actor,
    client_id: str,
    *,
    kind: ClientKind = ClientKind.APPLICATION,
    secret: str | None = None,
    overlap: int = DEFAULT_OVERLAP,
) -> Registered:
    """Give a client a new secret; the one before it stays good for `overlap` seconds.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the client has no secret, or the new one or the overlap break a rule.
    """
    if secret is not None and (wrong := check_secret(secret)):
        raise Invalid.at("client_secret", wrong)
    if not 0 <= overlap <= MAX_OVERLAP:
        raise Invalid.at("overlap", f"must be 0 to {MAX_OVERLAP} seconds")

    async def step() -> tuple[Registered, Effects]:
        now = admin.clock.now()
        present = await clients.require(admin, actor, kind, client_id)
        if present.token_endpoint_auth_method not in SECRET_METHODS:
            raise Invalid.at(
                "client_secret",
                f"a client that authenticates by {present.token_endpoint_auth_method} has none",
            )
        fresh = secret or new_secret(admin.entropy)
        secrets = rotate(present.secrets, fresh, now, overlap)
        changed, effects = revise(present, {"secrets": secrets}, now)
        event = clients.tell_change(admin, actor, present, "secret.rotated")
        return Registered(changed, None if secret else fresh), (*effects, event)

    return await commit(admin, step)


async def revoke_secrets(
    admin: Admin, actor: Actor, client_id: str, *, kind: ClientKind = ClientKind.APPLICATION
) -> Client:
    """End all secrets of a client at once but the newest one.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[Client, Effects]:
        present = await clients.require(admin, actor, kind, client_id)
        if len(present.secrets) <= 1:
            return present, ()
        newest = max(present.secrets, key=lambda one: one.created_at)
        changed, effects = revise(present, {"secrets": (newest,)}, admin.clock.now())
        return changed, (*effects, clients.tell_change(admin, actor, present, "secret.revoked"))

    return await commit(admin, step)
