"""Keys of service accounts: made here, or uploaded."""

import pytest

from ostiary.admin import service_account_keys, service_accounts
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.jose.jwk import parse_public_key
from support.jose import NOW, make_key

KEY, OTHER = make_key("ES256", 1), make_key("ES256", 2)


@pytest.fixture
async def robot(admin, actor, acme):
    made = await service_accounts.create(
        admin, actor, "acme", decode(ServiceAccountFields, {"id": "robot"})
    )
    return made.client


@pytest.fixture
async def keyed(admin, actor, acme):
    jwks = {"keys": [KEY.public_jwk]}
    made = await service_accounts.create(
        admin, actor, "acme", decode(ServiceAccountFields, {"id": "keyed", "jwks": jwks})
    )
    return made.client


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_a_pair_is_made_and_only_its_public_half_is_kept(admin, actor, robot, alg):
    added = await service_account_keys.add(admin, actor, "robot", alg=alg)

    assert added.file.service_account_id == "robot"
    assert added.file.token_uri == f"{admin.issuer}/oauth/v2/token"
    assert "PRIVATE KEY" in added.file.private_key
    (jwk,) = (await admin.store.read_client("robot")).jwks["keys"]
    assert (jwk["kid"], jwk["alg"]) == (added.key_id, alg)
    assert "d" not in jwk
    assert added.client.token_endpoint_auth_method == "client_secret_basic"
    assert len(added.client.secrets) == 1


async def test_an_account_without_a_secret_authenticates_by_its_keys(admin, actor, keyed):
    added = await service_account_keys.add(admin, actor, "keyed", alg="ES256", lifetime=60)

    assert added.client.token_endpoint_auth_method == "private_key_jwt"
    assert added.client.key_expiry == {added.key_id: NOW + 60}
    assert len(added.client.jwks["keys"]) == 2


async def test_an_uploaded_key_keeps_its_id_or_gets_its_thumbprint(admin, actor, robot):
    first = await service_account_keys.add(admin, actor, "robot", public_jwk=KEY.public_jwk)
    bare = {name: OTHER.public_jwk[name] for name in ("kty", "crv", "x", "y")}
    second = await service_account_keys.add(admin, actor, "robot", public_jwk=bare)

    assert first.key_id == KEY.public_jwk["kid"]
    assert second.key_id == parse_public_key(bare).thumbprint
    assert first.file is second.file is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"alg": "HS256"}, "alg"),
        ({"alg": "none"}, "alg"),
        ({"lifetime": 0}, "lifetime"),
        ({"lifetime": 10**12}, "lifetime"),
        ({"public_jwk": {}}, "jwks"),
        ({"public_jwk": {"kty": "oct", "k": "c2VjcmV0"}}, "jwks"),
        ({"public_jwk": {**KEY.public_jwk, "d": "x"}}, "jwks"),
    ],
    ids=["HMAC", "none", "no time", "ages", "empty", "secret", "private"],
)
async def test_what_is_no_key(admin, actor, robot, given, path):
    with pytest.raises(Invalid) as caught:
        await service_account_keys.add(admin, actor, "robot", **given)
    assert caught.value.problems[0].path.startswith(path)


async def test_the_same_key_twice_and_too_many(admin, actor, keyed):
    with pytest.raises(Invalid, match="already"):
        await service_account_keys.add(admin, actor, "keyed", public_jwk=KEY.public_jwk)
    for number in range(2, 11):
        jwk = make_key("ES256", number).public_jwk
        await service_account_keys.add(admin, actor, "keyed", public_jwk=jwk)
    with pytest.raises(Invalid, match="at most 10"):
        await service_account_keys.add(admin, actor, "keyed", alg="ES256")


async def test_a_key_is_taken_away(admin, actor, keyed):
    added = await service_account_keys.add(admin, actor, "keyed", alg="ES256", lifetime=60)
    changed = await service_account_keys.remove(admin, actor, "keyed", added.key_id)

    assert changed.key_expiry == {}
    assert [jwk["kid"] for jwk in changed.jwks["keys"]] == [KEY.public_jwk["kid"]]
    with pytest.raises(NotFound):
        await service_account_keys.remove(admin, actor, "keyed", added.key_id)
    with pytest.raises(Invalid, match="only credential"):
        await service_account_keys.remove(admin, actor, "keyed", KEY.public_jwk["kid"])


async def test_it_is_in_the_audit_trail(admin, actor, keyed):
    added = await service_account_keys.add(admin, actor, "keyed", alg="ES256")
    await service_account_keys.remove(admin, actor, "keyed", added.key_id)

    told = [(one.type, one.target) for one in admin.store.events if "key" in one.type]
    assert told == [
        ("service_account.key_added", added.key_id),
        ("service_account.key_removed", added.key_id),
    ]
