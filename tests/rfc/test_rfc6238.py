"""RFC 6238: codes of authenticator apps, over RFC 4226."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ostiary.clock import SystemEntropy
from ostiary.identity import totp

# Appendix B: (time, SHA-1 code of eight digits). Six digits are the last six of them.
SECRET = b"12345678901234567890"
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
# RFC 4226, appendix D.
COUNTERS = [
    *("755224", "287082", "359152", "969429", "338314"),
    *("254676", "287922", "162583", "399871", "520489"),
]
NOW = 1_800_000_015


def step(now: int = NOW) -> int:
    return now // totp.STEP


@pytest.mark.parametrize(("time", "code"), VECTORS)
def test_appendix_b(time, code):
    assert totp.make_code(SECRET, step(time)) == code[-6:]


@pytest.mark.parametrize(("counter", "code"), list(enumerate(COUNTERS)))
def test_rfc4226_appendix_d(counter, code):
    assert totp.make_code(SECRET, counter) == code


def test_rfc4226_4_r6_a_secret_has_160_random_bits():
    secrets = {totp.make_secret(SystemEntropy()) for _ in range(5)}
    assert len(secrets) == 5
    assert {len(secret) for secret in secrets} == {20}


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_5_2_a_clock_may_be_wrong_by_one_step(late):
    code = totp.make_code(SECRET, step() + late)
    assert totp.find_step(SECRET, code, NOW, 0) == step() + late


@pytest.mark.parametrize("late", [-3, -2, 2, 3])
def test_5_2_and_by_no_more(late):
    code = totp.make_code(SECRET, step() + late)
    assert totp.find_step(SECRET, code, NOW, 0) is None


def test_5_2_a_code_is_accepted_once():
    code = totp.make_code(SECRET, step())
    assert totp.find_step(SECRET, code, NOW, step() - 1) == step()
    assert totp.find_step(SECRET, code, NOW, step()) is None
    earlier = totp.make_code(SECRET, step() - 1)
    assert totp.find_step(SECRET, earlier, NOW, step()) is None


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1} ", "{0}-{1}", "{0}\u00a0{1}"])
def test_spaces_and_hyphens_do_not_count(typed):
    code = totp.make_code(SECRET, step())
    assert totp.find_step(SECRET, typed.format(code[:3], code[3:]), NOW, 0) == step()


ODD = [
    "",
    "12345",
    "1234567",
    "12345a",
    "\u0967\u0968\u0969\u096a\u096b\u096c",
    "1" * 10_000,
    "-" * 9,
]


@pytest.mark.parametrize("typed", ODD, ids=range(len(ODD)))
def test_what_is_no_code(typed):
    assert totp.read_code(typed) is None
    assert totp.find_step(SECRET, typed, NOW, 0) is None


def test_what_the_qr_code_says():
    uri = totp.make_uri(SECRET, "id.test:8443", "alice+x@acme.test")
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/id.test:8443:alice+x@acme.test"
    values = parse_qs(parts.query)
    assert values["issuer"] == ["id.test:8443"]
    assert base64.b32decode(values["secret"][0]) == SECRET


def test_the_key_is_shown_in_groups_of_four():
    text = totp.write_secret(SECRET)
    assert {len(group) for group in text.split()} == {4}
    assert base64.b32decode(text.replace(" ", "")) == SECRET
