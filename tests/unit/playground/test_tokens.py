"""A token is taken apart, and held against what is known."""

import msgspec
import pytest

from ostiary.clock import SystemEntropy
from ostiary.jose import base64url, jwe, unsecured
from ostiary.jose.keyring import KeyRing
from ostiary.model.key import KeyState
from ostiary.oauth.handle import Kind, make
from ostiary.oauth.mint import half_hash
from ostiary.playground.tokens import Expected, inspect
from support.jose import KEKS, NOW, make_signing_key

ISSUER = "https://id.example"
KEY = make_signing_key("ES256")
RING = KeyRing([KEY], [], KEKS)
EXPECTED = Expected(issuer=ISSUER, now=NOW)
CLAIMS = {"iss": ISSUER, "sub": "alice", "aud": "shop", "iat": NOW, "exp": NOW + 300}


def sign(claims=CLAIMS, typ="JWT") -> str:
    return RING.sign("ES256", claims, typ)


def look(token, expected=EXPECTED, ring=RING, records=(KEY,)):
    return inspect(token, expected, ring, records)


def bad(found) -> list[str]:
    return [str(one.text).partition(":")[0] for one in found.checks if one.good is False]


def test_a_good_token() -> None:
    found = look(f"  {sign()}\n")
    assert bad(found) == []
    assert found.size == len(sign())
    assert (
        str(found.checks[0].text) == "Signature: made by this server with ES256; the key is active."
    )
    rows = {row.name: row for row in found.rows}
    assert rows["exp"].value.startswith(f"{NOW + 300} · ")
    assert rows["exp"].value.endswith("UTC")
    assert rows["sub"].meaning


@pytest.mark.parametrize(
    ("expected", "claims", "faults"),
    [
        ({"client_id": "blog"}, {}, ["aud"]),
        ({"client_id": "shop"}, {"aud": ["blog", "shop"]}, []),
        ({"nonce": "n"}, {"nonce": "m"}, ["nonce"]),
        ({"nonce": "n"}, {}, ["nonce"]),
        ({"nonce": "n"}, {"nonce": "n"}, []),
        ({}, {"iss": "https://evil.example"}, ["iss"]),
        ({}, {"exp": NOW}, ["exp"]),
        ({}, {"exp": "soon"}, ["exp"]),
        ({"code": "c"}, {"c_hash": half_hash("ES256", "c")}, []),
        ({"code": "c"}, {"c_hash": half_hash("ES256", "d")}, ["c_hash"]),
        ({"access_token": "t"}, {"at_hash": half_hash("ES256", "t")}, []),
        ({"access_token": "t"}, {"at_hash": [1]}, ["at_hash"]),
        ({"access_token": "ü"}, {"at_hash": "x"}, ["at_hash"]),
    ],
)
def test_what_it_is_held_against(expected, claims, faults) -> None:
    found = look(sign(CLAIMS | claims), msgspec.structs.replace(EXPECTED, **expected))
    assert bad(found) == faults


def test_a_changed_token_does_not_fit_its_signature() -> None:
    head, _, signature = sign().split(".")
    payload = base64url.encode(msgspec.json.encode(CLAIMS | {"sub": "mallory"}))
    found = look(f"{head}.{payload}.{signature}")
    assert bad(found) == ["Signature"]
    assert {row.name: row.value for row in found.rows}["sub"] == "mallory"


def test_a_token_that_nobody_signed() -> None:
    found = look(unsecured.make(CLAIMS, "JWT"))
    assert bad(found) == ["Signature"]
    assert "proves nothing" in str(found.checks[0].text)


def test_the_key_of_another_server_and_one_that_was_revoked() -> None:
    other = KeyRing([make_signing_key("RS256")], [], KEKS)
    assert str(look(other.sign("RS256", CLAIMS, "JWT")).checks[0].text) == (
        "Signature: its kid is no key of this server."
    )
    revoked = msgspec.structs.replace(KEY, state=KeyState.REVOKED, revoked_at=NOW)
    found = look(sign(), ring=KeyRing([revoked], [], KEKS), records=(revoked,))
    assert str(found.checks[0].text) == "Signature: its key is revoked."


def test_a_retired_key_still_counts_and_is_said_to_be_one() -> None:
    retired = msgspec.structs.replace(KEY, state=KeyState.RETIRED, retired_at=NOW)
    found = look(sign(), ring=KeyRing([retired], [], KEKS), records=(retired,))
    assert str(found.checks[0].text).endswith("the key is retired.")


def test_of_an_encrypted_token_only_the_header_can_be_read() -> None:
    point = {"kty": "OKP", "crv": "X25519", "x": base64url.encode(b"\x09" + b"\1" * 31)}
    key = jwe.parse_encryption_key(point)
    token = jwe.encrypt(b"secret", key, alg="ECDH-ES", enc="A128GCM", cty="JWT")
    found = look(token)
    assert "only the holder of the private key" in str(found.kind)
    assert {row.name for row in found.header} >= {"alg", "enc", "epk", "cty"}
    assert [row.name for row in found.rows][-1] == "authentication tag"
    assert found.claims == {}
    assert look("e30.x.x.x.x").problem is None
    assert str(look("=.x.x.x.x").problem).startswith("Its header cannot be read")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.ACCESS_TOKEN, "an opaque access token"),
        (Kind.PERSONAL_TOKEN, "a personal access token"),
        (Kind.CLIENT_SECRET, "a client secret"),
    ],
)
def test_opaque_values_are_recognised(kind, text) -> None:
    token = make(kind, SystemEntropy())
    assert str(look(token).kind).startswith(text)
    assert look(token).problem is None
    assert "checksum" in str(look(token[:-1] + "!").problem)


@pytest.mark.parametrize(
    ("claims", "typ", "kind"),
    [
        (CLAIMS, "at+jwt", "an access token"),
        (CLAIMS, "logout+jwt", "a logout token"),
        (CLAIMS | {"auth_time": NOW}, "JWT", "a JWT, an ID token"),
        (CLAIMS, "JWT", "a JWT"),
    ],
)
def test_its_kind_is_told(claims, typ, kind) -> None:
    assert str(look(sign(claims, typ)).kind).startswith(kind)


def test_long_values_and_many_claims_are_cut() -> None:
    found = look(sign(CLAIMS | {"a": "x" * 900} | {f"c{n}": n for n in range(200)}))
    assert len(found.rows) == 101
    assert str(found.rows[-1].value) == "106 more"
    assert max(len(str(row.value)) for row in found.rows) == 501
    assert str(look("x" * 16_385).problem) == "It is longer than 16384 characters."
