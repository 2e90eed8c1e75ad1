"""Signing keys: what there is, the next one, and the end of one."""

import asyncio

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import keys as operations
from ostiary.admin.actor import Area, Level, authorize_instance
from ostiary.admin.decode import Request
from ostiary.admin.keys import KeyAdmin, KeySummary
from ostiary.jose.keys import Alg, PrivateKey, generate
from ostiary.model.key import KeyState
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of
from ostiary.web.idp import Idp


class Key(View, frozen=True, kw_only=True):
    """A signing key, without its halves; the public one is in the JWKS."""

    kid: str
    alg: str
    state: KeyState
    created_at: Time
    published_at: Time | None
    activated_at: Time | None
    retired_at: Time | None
    revoked_at: Time | None
    next_state: KeyState | None
    next_at: Time | None


def view(record: KeySummary) -> Key:
    """Show a signing key."""
    return Key(
        kid=record.kid,
        alg=record.alg,
        state=record.state,
        created_at=time_of(record.created_at),
        published_at=maybe(record.published_at),
        activated_at=maybe(record.activated_at),
        retired_at=maybe(record.retired_at),
        revoked_at=maybe(record.revoked_at),
        next_state=record.next_state,
        next_at=maybe(record.next_at),
    )


class Keys(View, frozen=True, kw_only=True):
    """Signing keys that were made."""

    keys: tuple[Key, ...]


class RotationFields(Request, frozen=True, kw_only=True):
    """Which algorithm's key is to change, all of them unless given; with `now`, at once."""

    alg: str | UnsetType = UNSET
    now: bool = False


async def list_keys(call: Call) -> Listed:
    """List signing keys, ordered by kid."""
    found = await operations.list_keys(make_admin(call.idp), call.actor)
    wanted = sorted((one for one in found if one.kid > call.after), key=lambda one: one.kid)
    return Listed(records=wanted[: call.limit], view=view, key=lambda one: one.kid)


async def rotate(call: Call) -> Reply:
    """Publish new keys."""
    authorize_instance(call.actor)
    admin = await _prepared(call, call.body.alg or None)
    made = await operations.rotate(
        admin, call.actor, call.body.alg or None, immediately=call.body.now
    )
    return Reply(body=Keys(keys=tuple(map(view, made))))


async def revoke(call: Call) -> Reply:
    """End a key at once."""
    authorize_instance(call.actor)
    admin = await _prepared(call, None)
    revoked = await operations.revoke(admin, call.actor, call.path["kid"])
    return Reply(body=view(revoked))


def make_admin(idp: Idp) -> KeyAdmin:
    """Return what the operations on keys of an instance work with."""
    return KeyAdmin(store=idp.store, keks=idp.keks, clock=idp.clock, entropy=idp.entropy)


async def _prepared(call: Call, alg: str | None) -> KeyAdmin:
    """Make the keys that may be needed beforehand, away from the event loop.

    A key of RSA takes a tenth of a second and more.
    """
    configuration = await call.admin.store.read_configuration()
    wanted = [Alg(one) for one in configuration.enabled_algs if alg in {None, one}]
    made = {one: await asyncio.to_thread(generate, one, configuration.rsa_bits) for one in wanted}

    def take(alg: Alg, bits: int) -> PrivateKey:
        return made.get(alg) or generate(alg, bits)

    return msgspec.structs.replace(make_admin(call.idp), generate=take)


ROUTES = (
    Route(
        method="GET",
        path="/keys",
        name="list_keys",
        summary="List signing keys",
        description="Of all states; ordered by kid.",
        operation=list_keys,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=Key,
        listing=True,
    ),
    Route(
        method="POST",
        path="/keys",
        name="rotate_keys",
        summary="Publish new signing keys",
        description="A new key is in the JWKS at once, and signs when the schedule says so; "
        "with `now` it signs at once.",
        operation=rotate,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        body=RotationFields,
        answer=Keys,
        status=201,
        repeatable=False,
        example={"alg": "ES256"},
    ),
    Route(
        method="DELETE",
        path="/keys/{kid}",
        name="revoke_key",
        summary="Revoke a signing key",
        description="It leaves the JWKS at once, and everything that it signed is refused; "
        "where it was the one that signs, a new one takes its place.",
        operation=revoke,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        answer=Key,
    ),
)
