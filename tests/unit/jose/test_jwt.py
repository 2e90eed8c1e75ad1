import json

import pytest

from ostiary.jose import jwt
from ostiary.jose.errors import InvalidClaims, JoseError
from support.jose import NOW

BASE = {"iss": "i", "sub": "s", "aud": "a", "exp": NOW + 1, "iat": NOW, "nbf": NOW, "jti": "j"}


def parse(**claims):
    return jwt.parse_claims(json.dumps(BASE | claims).encode())


def test_registered_claims_are_typed_and_all_are_kept():
    claims = parse(custom={"a": [1]})
    assert (claims.iss, claims.sub, claims.aud, claims.jti) == ("i", "s", ("a",), "j")
    assert (claims.exp, claims.iat, claims.nbf) == (NOW + 1, NOW, NOW)
    assert claims.members == BASE | {"custom": {"a": [1]}}


def test_absent_claims_are_none():
    claims = jwt.parse_claims(b"{}")
    assert claims == jwt.Claims(members={})


def test_an_audience_is_one_string_or_several():
    assert parse(aud="a").aud == ("a",)
    assert parse(aud=["a"]).aud == ("a",)
    assert parse(aud=["a", "b"]).aud == ("a", "b")
    assert parse(aud=["a"]).members["aud"] == ["a"]


def test_a_fraction_of_a_second_shortens_a_life():
    """RFC 7519, 2: a NumericDate may have a fraction."""
    claims = parse(exp=NOW + 0.9, nbf=NOW + 0.1, iat=NOW + 0.9)
    assert (claims.exp, claims.nbf, claims.iat) == (NOW, NOW + 1, NOW)
    assert all(type(value) is int for value in (claims.exp, claims.nbf, claims.iat))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "text",
    [
        *('"1800000000"', '""', "true", "false", "null", "[]", "{}"),
        *("-1", "-0.5", "253402300800", "1e300", "1e309", "NaN", "Infinity", "9" * 30),
    ],
)
def test_a_date_is_a_number_within_the_calendar(claim, text):
    """JW-12."""
    with pytest.raises(JoseError):
        jwt.parse_claims(f'{{"{claim}":{text}}}'.encode())


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [0, 0.0, 1, 253402300799, 1.8e9])
def test_dates_within_the_calendar_are_read(claim, value):
    assert getattr(parse(**{claim: value}), claim) == int(value)


@pytest.mark.parametrize("claim", ["iss", "sub", "jti"])
@pytest.mark.parametrize("value", [1, None, True, [], ["s"], {}, "", "s" * 2049])
def test_a_name_is_a_string(claim, value):
    """JW-12: and neither empty nor endless."""
    with pytest.raises(InvalidClaims, match=f"'{claim}'"):
        parse(**{claim: value})


@pytest.mark.parametrize(
    "value", [1, None, True, {}, "", [], [1], [""], ["a", None], [["a"]], [{}], ["a"] * 33]
)
def test_an_audience_is_nothing_else(value):
    """JW-12."""
    with pytest.raises(InvalidClaims, match="'aud'"):
        parse(aud=value)


@pytest.mark.parametrize(
    "payload", [b"", b"x", b"[]", b'"s"', b"1", b'{"sub":"a","sub":"b"}', b"\xff{}"]
)
def test_claims_are_a_strict_json_object(payload):
    with pytest.raises(JoseError):
        jwt.parse_claims(payload)


@pytest.mark.parametrize(
    ("claims", "now", "rule"),
    [
        ({}, NOW, None),
        ({}, NOW + 1, "jwt-expired"),
        ({}, NOW + 10**6, "jwt-expired"),
        ({"exp": NOW}, NOW, "jwt-expired"),
        ({"nbf": NOW + 10}, NOW, None),
        ({"nbf": NOW + 11}, NOW, "jwt-nbf"),
        ({"iat": NOW + 10}, NOW, None),
        ({"iat": NOW + 11}, NOW, "jwt-iat"),
        ({"iat": 0, "nbf": 0}, NOW, None),
    ],
)
def test_a_token_is_good_from_nbf_until_exp(claims, now, rule):
    """RFC 7519, 4.1.4 to 4.1.6, with ten seconds for clocks that are ahead."""
    parsed = parse(**claims)
    if rule is None:
        jwt.require_current(parsed, now)
    else:
        with pytest.raises(InvalidClaims) as caught:
            jwt.require_current(parsed, now)
        assert caught.value.rule == rule


def test_a_token_must_expire():
    with pytest.raises(InvalidClaims, match="'exp' is missing"):
        jwt.require_current(jwt.parse_claims(b"{}"), NOW)


def test_the_skew_can_be_narrower():
    jwt.require_current(parse(nbf=NOW), NOW, skew=0)
    with pytest.raises(InvalidClaims):
        jwt.require_current(parse(nbf=NOW + 1), NOW, skew=0)
