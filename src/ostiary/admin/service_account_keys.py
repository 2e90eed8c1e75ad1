"""Keys of service accounts: pairs that are made here, and public halves that are uploaded.

Only the public half is kept. The private one leaves once, in a file that the libraries
for JWT bearer grants read.
"""

from typing import Any

import msgspec

from ostiary.admin import clients
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, revise, tell
from ostiary.admin.client_values import JWK_MEMBERS, check_jwks
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.service_accounts import KIND
from ostiary.admin.store import Admin
from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import Alg, PrivateKey, generate
from ostiary.model.client import Client
from ostiary.oauth.clients.keys import ALGS
from ostiary.oauth.effects import Effects
from ostiary.oauth.metadata import TOKEN

MAX_KEYS = 10
MAX_LIFETIME = 10 * 365 * 86400
WHAT = "key"


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a program needs to act as a service account. Shown once, and never stored."""

    type: str = "service_account"
    key_id: str
    service_account_id: str
    private_key: str
    token_uri: str


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was added; `file` is None where only its public half was given."""

    client: Client
    key_id: str
    expires_at: int | None
    file: KeyFile | None = None


async def add(  # noqa: PLR0913 - whose key, which, and for how long
    admin: Admin,
    actor: Actor,
    account_id: str,
    *,
    alg: str = "RS256",
    public_jwk: dict[str, Any] | None = None,
    lifetime: int | None = None,
) -> Added:
    """Add a key; a pair is made where no public half is given. `lifetime` is in seconds.

    An account that has no secret authenticates by its keys from now on.

    Raises:
        NotFound: there is no such account for the actor.
        NotAllowed: the actor may only read.
        Invalid: the algorithm, the key or the lifetime break a rule, or there are too many.
    """
    if lifetime is not None and not 0 < lifetime <= MAX_LIFETIME:
        raise Invalid.at("lifetime", f"must be 1 to {MAX_LIFETIME} seconds")
    if alg not in ALGS:
        raise Invalid.at("alg", f"must be one of {', '.join(ALGS)}")
    pair = generate(Alg(alg)) if public_jwk is None else None

    async def step() -> tuple[Added, Effects]:
        now = admin.clock.now()
        present = await clients.require(admin, actor, KIND, account_id)
        keys = [] if present.jwks is None else list(present.jwks["keys"])
        jwk = _uploaded(public_jwk or {}) if pair is None else pair.public_jwk
        key_id = jwk["kid"]
        _check(keys, jwk)
        end = None if lifetime is None else now + lifetime
        expiry = present.key_expiry | ({} if end is None else {key_id: end})
        changes: dict[str, Any] = {"jwks": {"keys": [*keys, jwk]}, "key_expiry": expiry}
        if not present.secrets:
            changes["token_endpoint_auth_method"] = "private_key_jwt"
        changed, effects = revise(present, changes, now)
        event = tell(
            "service_account.key_added",
            actor,
            now,
            organization_id=present.organization_id,
            client_id=present.client_id,
            target=key_id,
        )
        file = None if pair is None else describe_pair(admin, present.client_id, pair)
        return Added(client=changed, key_id=key_id, expires_at=end, file=file), (*effects, event)

    return await commit(admin, step)


async def remove(admin: Admin, actor: Actor, account_id: str, key_id: str) -> Client:
    """Take a key away: nothing that it signs is good from now on.

    Raises:
        NotFound: there is no such account for the actor, or it has no such key.
        NotAllowed: the actor may only read.
        Invalid: it is the last one of an account that has no secret.
    """

    async def step() -> tuple[Client, Effects]:
        now = admin.clock.now()
        present = await clients.require(admin, actor, KIND, account_id)
        keys = [] if present.jwks is None else list(present.jwks["keys"])
        kept = [jwk for jwk in keys if jwk.get("kid") != key_id]
        if len(kept) == len(keys):
            raise NotFound(WHAT, key_id)
        if not kept and not present.secrets:
            raise Invalid.at(
                "key_id", "is the only credential of the account: add another one first"
            )
        expiry = {kid: end for kid, end in present.key_expiry.items() if kid != key_id}
        changes = {"jwks": {"keys": kept} if kept else None, "key_expiry": expiry}
        changed, effects = revise(present, changes, now)
        event = tell(
            "service_account.key_removed",
            actor,
            now,
            organization_id=present.organization_id,
            client_id=present.client_id,
            target=key_id,
        )
        return changed, (*effects, event)

    return await commit(admin, step)


def _uploaded(jwk: dict[str, Any]) -> dict[str, Any]:
    if wrong := check_jwks({"keys": [jwk]}):
        raise Invalid(wrong)
    kept = {name: jwk[name] for name in JWK_MEMBERS if name in jwk}
    return {**kept, "kid": jwk.get("kid") or parse_public_key(jwk).thumbprint}


def _check(keys: list[dict[str, Any]], jwk: dict[str, Any]) -> None:
    if len(keys) >= MAX_KEYS:
        raise Invalid.at("jwks", f"must have at most {MAX_KEYS} keys: remove one first")
    if any(one.get("kid") == jwk["kid"] for one in keys):
        raise Invalid.at("jwks", f"has a key with the id {jwk['kid']} already")


def describe_pair(admin: Admin, account_id: str, pair: PrivateKey) -> KeyFile:
    """Write down the private half of a pair, for the program that acts as the account."""
    return KeyFile(
        key_id=pair.public_jwk["kid"],
        service_account_id=account_id,
        private_key=pair.pem(),
        token_uri=admin.issuer + TOKEN,
    )
