import msgspec
import pytest

from ostiary.jose import jws
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.errors import (
    InvalidSignature,
    InvalidToken,
    NoSigningKey,
    SealError,
    UnknownKey,
    WrongKeyEncryptionKey,
)
from ostiary.jose.keyring import (
    HINTS_AFTER_RETIREMENT,
    PUBLISHED_AFTER_RETIREMENT,
    KeyRing,
)
from ostiary.jose.keys import SIGNING_ALGS
from ostiary.model.key import KeyState
from support.jose import (
    CLAIMS,
    KEKS,
    NOW,
    make_instance_key,
    make_key,
    make_ring,
    make_signing_key,
    sign_as,
)

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.mark.parametrize("alg", SIGNING_ALGS)
@pytest.mark.parametrize("typ", ["at+jwt", "JWT", "logout+jwt"])
def test_a_token_is_signed_with_the_active_key_of_its_algorithm(alg, typ):
    ring = make_ring(*(make_signing_key(one) for one in SIGNING_ALGS))
    for _ in range(2):  # the header is encoded once, and right the second time as well
        token = ring.sign(alg, CLAIMS, typ)
        header = jws.parse(token).header
        assert header.members == {"alg": alg, "typ": typ, "kid": make_key(alg).kid}
        claims = ring.verify(token, typ=typ, now=NOW)
        assert claims.members == CLAIMS


def test_claims_may_be_a_struct():
    class Small(msgspec.Struct):
        sub: str
        scope: list[str]

    ring = make_ring(make_signing_key())
    token = ring.sign("ES256", Small("älice", ["a"]), "JWT")
    assert ring.verify(token, typ="JWT", now=NOW).members == {"sub": "älice", "scope": ["a"]}


def test_without_an_active_key_nothing_is_signed():
    ring = make_ring(
        make_signing_key("ES256", KeyState.PUBLISHED), make_signing_key("EdDSA", KeyState.RETIRED)
    )
    assert ring.algs == ()
    for alg in ("ES256", "EdDSA", "RS256", "HS256", "none", "ES384"):
        with pytest.raises(NoSigningKey, match=alg):
            ring.sign(alg, CLAIMS, "JWT")


def test_algs_are_those_with_an_active_key():
    assert make_ring(*map(make_signing_key, SIGNING_ALGS)).algs == SIGNING_ALGS
    assert make_ring(make_signing_key("ES256")).algs == ("ES256",)


@pytest.mark.parametrize(
    ("state", "published"),
    [
        (KeyState.PENDING, False),
        (KeyState.PUBLISHED, True),
        (KeyState.ACTIVE, True),
        (KeyState.RETIRED, True),
        (KeyState.REVOKED, False),
    ],
)
def test_the_state_of_a_key_decides_what_it_does(state, published):
    key = make_signing_key("ES256", state)
    ring = make_ring(key)
    assert ring.jwks(NOW) == {"keys": [key.public_jwk] if published else []}
    assert (ring.verification_key(key.kid, NOW) is not None) is published
    assert (ring.verification_key(key.kid, NOW, hint=True) is not None) is published
    token = sign_as(make_key("ES256"), typ="JWT")
    if published:
        assert ring.verify(token, typ="JWT", now=NOW).sub == "alice"
    else:
        with pytest.raises(UnknownKey):
            ring.verify(token, typ="JWT", now=NOW)


@pytest.mark.parametrize(
    ("age", "published", "hint"),
    [
        (0, True, True),
        (PUBLISHED_AFTER_RETIREMENT - 1, True, True),
        (PUBLISHED_AFTER_RETIREMENT, False, True),
        (HINTS_AFTER_RETIREMENT - 1, False, True),
        (HINTS_AFTER_RETIREMENT, False, False),
    ],
)
def test_a_retired_key_verifies_hints_longer_than_tokens(age, published, hint):
    key = make_signing_key("RS256", KeyState.RETIRED)
    ring, now, token = make_ring(key), NOW + age, sign_as(make_key("RS256"), typ="JWT")
    assert bool(ring.jwks(now)["keys"]) is published
    assert (ring.verification_key(key.kid, now) is not None) is published
    assert (ring.verification_key(key.kid, now, hint=True) is not None) is hint
    for as_hint, good in ((False, published), (True, hint)):
        if good:
            assert ring.verify(token, typ="JWT", now=now, hint=as_hint).sub == "alice"
        else:
            with pytest.raises(UnknownKey):
                ring.verify(token, typ="JWT", now=now, hint=as_hint)


def test_the_published_set_holds_public_members_only():
    states = [s for s in KeyState if s is not KeyState.REVOKED]
    keys = [
        make_signing_key(alg, state, index=index)
        for alg in SIGNING_ALGS
        for index, state in enumerate(states)
    ]
    published = make_ring(*keys).jwks(NOW)["keys"]
    assert len(published) == 3 * len(SIGNING_ALGS)
    for jwk in published:
        assert PRIVATE_MEMBERS.isdisjoint(jwk)
        assert {"kid", "alg", "use"} <= set(jwk)


def test_the_published_set_begins_with_the_key_that_simple_clients_want():
    keys = [
        make_signing_key("ES256"),
        make_signing_key("RS256", KeyState.RETIRED, index=1),
        make_signing_key("RS256", KeyState.PUBLISHED, index=2),
        make_signing_key("RS256"),
    ]
    kids = [jwk["kid"] for jwk in make_ring(*keys).jwks(NOW)["keys"]]
    expected = [("RS256", 0), ("ES256", 0), ("RS256", 2), ("RS256", 1)]
    assert kids == [make_key(alg, index).kid for alg, index in expected]


def test_a_token_of_another_type_is_refused():
    """RT-09: what was made for one purpose is of no use for another."""
    ring = make_ring(make_signing_key())
    types = ("at+jwt", "JWT", "logout+jwt")
    for made in types:
        for wanted in types:
            token = ring.sign("ES256", CLAIMS, made)
            if made == wanted:
                assert ring.verify(token, typ=wanted, now=NOW).sub == "alice"
            else:
                with pytest.raises(InvalidToken, match="type"):
                    ring.verify(token, typ=wanted, now=NOW)


def test_a_token_without_a_kid_or_type_is_not_ours():
    ring = make_ring(make_signing_key())
    pair = make_key("ES256")
    with pytest.raises(UnknownKey):
        ring.verify(sign_as(pair, kid=None, typ="JWT"), typ="JWT", now=NOW)
    with pytest.raises(InvalidToken, match="no typ"):
        ring.verify(sign_as(pair), typ="JWT", now=NOW)


def test_a_token_that_names_another_algorithm_than_its_key_is_refused():
    ring = make_ring(make_signing_key("RS256"), make_signing_key("ES256"))
    pair = make_key("RS256")
    for alg in ("PS256", "ES256", "EdDSA"):
        with pytest.raises(InvalidToken, match="algorithm"):
            ring.verify(sign_as(pair, typ="JWT", alg=alg), typ="JWT", now=NOW)


def test_a_stranger_signing_under_our_kid_is_refused():
    token = sign_as(make_key("ES256", 1), kid=make_key("ES256").kid, typ="JWT")
    with pytest.raises(InvalidSignature):
        make_ring(make_signing_key()).verify(token, typ="JWT", now=NOW)


def test_mac_keys_are_found_by_purpose_and_version():
    ring = make_ring(
        make_instance_key("refresh", 2, b"2" * 32),
        make_instance_key("refresh", 10, b"a" * 32),
        make_instance_key("refresh", 1, b"1" * 32),
        make_instance_key("sid", 1, b"s" * 32),
    )
    assert ring.mac("refresh") == (10, b"a" * 32)
    assert ring.mac("sid") == (1, b"s" * 32)
    assert ring.mac_key("refresh", 2) == b"2" * 32
    for purpose, version in (("refresh", 3), ("browser", 1)):
        with pytest.raises(NoSigningKey, match=purpose):
            ring.mac_key(purpose, version)
    with pytest.raises(NoSigningKey, match="browser"):
        ring.mac("browser")


@pytest.mark.parametrize("state", [KeyState.PENDING, KeyState.PUBLISHED, KeyState.ACTIVE])
def test_a_wrong_key_encryption_key_shows_when_the_ring_is_made(state):
    with pytest.raises(WrongKeyEncryptionKey):
        KeyRing([make_signing_key("ES256", state)], [], KeyEncryptionKeys(b"X" * 32))


def test_a_wrong_key_encryption_key_shows_in_an_instance_key():
    with pytest.raises(WrongKeyEncryptionKey):
        KeyRing([], [make_instance_key("sid")], KeyEncryptionKeys(b"X" * 32))


def test_halves_that_do_not_belong_together_show_when_the_ring_is_made():
    swapped = make_signing_key("ES256")
    other = make_key("ES256", 1).public_jwk | {"kid": swapped.kid}
    with pytest.raises(SealError, match="public half"):
        KeyRing([msgspec.structs.replace(swapped, public_jwk=other)], [], KEKS)


def test_a_private_half_moved_between_rows_shows_when_the_ring_is_made():
    first, second = make_signing_key("ES256"), make_signing_key("ES256", index=1)
    moved = msgspec.structs.replace(first, private_sealed=second.private_sealed)
    with pytest.raises(SealError, match="moved"):
        KeyRing([moved], [], KEKS)
