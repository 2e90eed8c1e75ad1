"""`ostiary user factors`, and users without a password."""

import asyncio

import pytest

from ostiary.clock import SystemClock
from ostiary.model.factor import (
    Factor,
    FactorKind,
    Passkey,
    RecoveryCodes,
    Totp,
    TrustedDevice,
)
from ostiary.oauth.effects import Insert, Update
from ostiary.store import open_store

NOW = 1_800_000_000
DATABASE = "sqlite:///ostiary.db"
FACTORS = {
    "phone": (FactorKind.PASSKEY, Passkey(credential_id=b"p", public_key=b"k")),
    "totp": (FactorKind.TOTP, Totp(sealed=b"secret")),
    "codes": (FactorKind.RECOVERY_CODE, RecoveryCodes(digests=(b"d" * 32,) * 7)),
}


@pytest.fixture
def alice(instance) -> str:
    """Alice has a passkey, an app, recovery codes and a device that she trusts."""
    id_ = instance("user", "create", "alice").data["id"]

    async def add() -> None:
        async with await open_store(DATABASE, SystemClock()) as store:
            user = await store.user(id_)
            records = [
                Factor(
                    id=name,
                    user_id=id_,
                    kind=kind,
                    name=f"My {name}",
                    credential=credential,
                    created_at=NOW,
                )
                for name, (kind, credential) in FACTORS.items()
            ]
            device = TrustedDevice(
                id="device",
                user_id=id_,
                created_at=NOW,
                expires_at=4_000_000_000,
                user_agent="Firefox",
            )
            kinds = tuple(record.kind for record in records)
            changed = Update(user, {"factors": kinds})
            await store.apply((changed, *map(Insert, records), Insert(device)))

    asyncio.run(add())
    return id_


def ids(instance) -> set[str]:
    found = instance("user", "factors", "list", "alice").data
    return {one["id"] for one in (*found["factors"], *found["trusted_devices"])}


def test_the_list_shows_no_secret(instance, alice):
    ran = instance("user", "factors", "list", "alice")
    codes = next(one for one in ran.data["factors"] if one["kind"] == "recovery_code")
    assert codes["left"] == 7
    assert ids(instance) == {*FACTORS, "device"}
    assert "secret" not in str(ran.data)


def test_one_is_removed(instance, alice):
    instance("user", "factors", "remove", "alice", "totp", "--yes")
    instance("user", "factors", "remove", "alice", "device", "--yes")
    assert ids(instance) == {"phone", "codes"}
    (event,) = instance("events", "list", "--type", "factor.removed").data
    assert event["user_id"] == alice


def test_all_are_removed(instance, alice):
    instance("user", "factors", "remove", "alice", "--all", "--yes")
    assert ids(instance) == set()
    assert len(instance("events", "list", "--type", "factors.reset").data) == 1


@pytest.mark.parametrize("arguments", [(), ("totp", "--all")])
def test_either_one_or_all(instance, alice, arguments):
    ran = instance("user", "factors", "remove", "alice", *arguments, "--yes")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_what_is_not_there(instance, alice):
    ran = instance("user", "factors", "remove", "alice", "other", "--yes")
    assert (ran.code, ran.error["code"]) == (3, "not_found")
    for verb in ("list", "remove"):
        assert instance("user", "factors", verb, "nobody").code == 3


def test_somebody_with_a_passkey_can_do_without_a_password(instance, alice):
    instance("user", "remove-password", "alice", "--yes")
    assert instance("user", "show", "alice").data["has_password"] is False
    ran = instance("user", "factors", "remove", "alice", "phone", "--yes")
    assert ran.code != 0
    assert "only way in" in ran.error["message"]


def test_somebody_without_one_cannot(instance):
    instance("user", "create", "bob")
    ran = instance("user", "remove-password", "bob", "--yes")
    assert ran.code != 0
    assert "passkey" in ran.error["message"]


def test_a_deleted_user_leaves_no_factor(instance, alice):
    instance("user", "delete", "alice", "--yes")

    async def count() -> int:
        async with await open_store(DATABASE, SystemClock()) as store:
            return len(await store.factors(alice)) + len(await store.trusted_devices(alice))

    assert asyncio.run(count()) == 0
