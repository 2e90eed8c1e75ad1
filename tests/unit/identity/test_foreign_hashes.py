"""Password hashes of other systems: read strictly, compared, bounded.

The hashes come from the test vectors of the algorithms (RFC 6070, RFC 7914, the reference
implementations of Argon2 and bcrypt), written in the forms of the systems that use them.
"""

import base64
import hashlib

import pytest

from ostiary.clock import SystemEntropy
from ostiary.identity import foreign_forms, foreign_hashes
from ostiary.identity.hashing import HashPool
from ostiary.identity.passwords import Parameters, UnusableHash, hash_password, verify_password

CHEAP = Parameters(memory=8, passes=1)
SHA1 = bytes.fromhex("4b007901b765489abead49d926f721d065a429c1")
SHA256 = bytes.fromhex("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")
SCRYPT = bytes.fromhex(
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d98"
    "30dac727afb94a83ee6d8360cbdfa2cc0640"
)
BCRYPT = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
ARGON2I = "m=65536,t=2,p=1$c29tZXNhbHQ$"


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def bare(value: bytes) -> str:
    return b64(value).rstrip("=")


FORMS = {
    "django pbkdf2_sha1": (f"pbkdf2_sha1$4096$salt${b64(SHA1)}", "password"),
    "django pbkdf2_sha256": (f"pbkdf2_sha256$4096$salt${b64(SHA256)}", "password"),
    "django scrypt": (f"scrypt$1024$NaCl$8$16${b64(SCRYPT)}", "password"),
    "django bcrypt": (f"bcrypt$$2b$05${BCRYPT}", "U*U"),
    "phc pbkdf2": (f"$pbkdf2-sha256$i=4096,l=32${bare(b'salt')}${bare(SHA256)}", "password"),
    "phc scrypt": (f"$scrypt$ln=10,r=8,p=16${bare(b'NaCl')}${bare(SCRYPT)}", "password"),
    "passlib pbkdf2": (
        f"$pbkdf2-sha256$4096${bare(b'salt')}${bare(SHA256).replace('+', '.')}",
        "password",
    ),
    "passlib pbkdf2 with sha1": (
        f"$pbkdf2$4096${bare(b'salt')}${bare(SHA1).replace('+', '.')}",
        "password",
    ),
    "bcrypt 2a": (f"$2a$05${BCRYPT}", "U*U"),
    "bcrypt 2b": (f"$2b$05${BCRYPT}", "U*U"),
    "bcrypt 2y": (f"$2y$05${BCRYPT}", "U*U"),
    "argon2i": (
        f"$argon2i$v=19${ARGON2I}wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        "password",
    ),
    "argon2i of the first version": (
        f"$argon2i${ARGON2I}9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        "password",
    ),
}


@pytest.mark.parametrize(("text", "password"), FORMS.values(), ids=FORMS)
def test_published_hashes_are_right_for_their_password_alone(text, password):
    encoded = foreign_forms.read(text)
    assert foreign_hashes.usable(encoded)
    assert foreign_hashes.verify(encoded, password.encode())
    assert not foreign_hashes.verify(encoded, password.encode() + b"x")
    # What is kept is read as itself.
    assert foreign_forms.read(encoded) == encoded


def test_keycloak_by_pbkdf2():
    credential = {"hashIterations": 4096, "algorithm": "pbkdf2-sha256", "additionalParameters": {}}
    secret = {"value": b64(SHA256), "salt": b64(b"salt"), "additionalParameters": {}}
    assert foreign_hashes.verify(foreign_forms.from_keycloak(credential, secret), b"password")
    sha1 = {"hashIterations": 4096, "algorithm": "pbkdf2"}
    secret = {"value": b64(SHA1), "salt": b64(b"salt")}
    assert foreign_hashes.verify(foreign_forms.from_keycloak(sha1, secret), b"password")


def test_keycloak_by_argon2():
    made = hash_password(b"password", SystemEntropy(), Parameters(memory=7168, passes=5))
    *_, salt, tag = made.split("$")
    credential = {
        "hashIterations": 5,
        "algorithm": "argon2",
        "additionalParameters": {
            "hashLength": ["32"],
            "memory": ["7168"],
            "type": ["id"],
            "version": ["1.3"],
            "parallelism": ["1"],
        },
    }
    secret = {"value": tag + "=", "salt": salt + "=="}
    assert foreign_forms.from_keycloak(credential, secret) == made


def test_auth0():
    phc = {"algorithm": "pbkdf2", "hash": {"value": FORMS["phc pbkdf2"][0], "encoding": "utf8"}}
    assert foreign_hashes.verify(foreign_forms.from_auth0(phc), b"password")
    with pytest.raises(UnusableHash, match="argon2, bcrypt and pbkdf2"):
        foreign_forms.from_auth0({"algorithm": "md5", "hash": {"value": "x"}})
    with pytest.raises(UnusableHash, match="what an export holds"):
        foreign_forms.from_auth0({"algorithm": 7})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 2000,
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2x$05$" + BCRYPT,
        "$2b$03$" + BCRYPT,
        "$2b$31$" + BCRYPT,
        "$2b$05$" + BCRYPT + "\n",
        "$2b$05$" + "x" * 53,
        "$2b$05$" + BCRYPT[:-1],
        f"pbkdf2_sha256$999${'salt'}${b64(SHA256)}",
        f"pbkdf2_sha256$999999999$salt${b64(SHA256)}",
        f"pbkdf2_md5$4096$salt${b64(SHA256)}",
        f"pbkdf2_sha256$4096$sa\x00lt${b64(SHA256)}",
        "pbkdf2_sha256$4096$salt$AAAA",
        f"pbkdf2_sha1$1500000$salt${b64(b'x' * 128)}",
        f"$pbkdf2-sha256$i=4096,l=31${bare(b'salt')}${bare(SHA256)}",
        f"scrypt$1023$NaCl$8$16${b64(SCRYPT)}",
        f"$scrypt$ln=30,r=8,p=1${bare(b'NaCl')}${bare(SCRYPT)}",
        f"$scrypt$ln=17,r=32,p=1${bare(b'NaCl')}${bare(SCRYPT)}",
        f"$scrypt$ln=14,r=8,p=999${bare(b'NaCl')}${bare(SCRYPT)}",
        f"$scrypt$ln=10,r=8,p=1$${bare(SCRYPT)}",
        "$argon2id$v=19$m=9999999,t=2,p=1$" + "a" * 22 + "$" + "b" * 43,
        "$argon2i$v=19$m=65536,t=99,p=1$" + "a" * 22 + "$" + "b" * 43,
        "$argon2d$v=19$m=8,t=1,p=8$" + "a" * 22 + "$" + "b" * 43,
        "$argon2i$v=20$m=65536,t=2,p=1$" + "a" * 22 + "$" + "b" * 43,
    ],
    ids=lambda text: text[:40] or "empty",
)
def test_hostile_and_malformed_hashes_are_refused(text):
    with pytest.raises(UnusableHash):
        foreign_forms.read(text)


@pytest.mark.parametrize(
    ("credential", "secret"),
    [
        ({"algorithm": "md5", "hashIterations": 1}, {"value": "AAAA", "salt": "AAAA"}),
        ({"algorithm": "pbkdf2-sha256"}, {"value": "AAAA", "salt": "AAAA"}),
        (
            {"algorithm": "pbkdf2-sha512", "hashIterations": 10**9},
            {"value": b64(SCRYPT), "salt": "AAAA"},
        ),
        ({"algorithm": "pbkdf2-sha256", "hashIterations": 4096}, {"value": "?", "salt": "AAAA"}),
        (
            {
                "algorithm": "argon2",
                "hashIterations": 5,
                "additionalParameters": {"version": ["9"], "memory": ["7168$"]},
            },
            {"value": b64(SHA256), "salt": b64(SHA256)},
        ),
        (None, None),
    ],
)
def test_credentials_of_keycloak_that_cannot_be(credential, secret):
    with pytest.raises(UnusableHash):
        foreign_forms.from_keycloak(credential, secret)


def test_bcrypt_sees_72_bytes_as_where_it_was_made():
    encoded = foreign_forms.read("$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui")
    seen = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    assert foreign_hashes.verify(encoded, seen)
    assert foreign_hashes.verify(encoded, seen + b"chars after 72 are ignored")
    assert not foreign_hashes.verify(encoded, seen[:-1])


async def test_the_pool_compares_and_makes_anew():
    pool = HashPool(SystemEntropy(), threads=1, parameters=CHEAP)
    encoded = foreign_forms.read(FORMS["django pbkdf2_sha256"][0])
    try:
        async with pool.slot() as slot:
            assert await slot.verify(encoded, b"password")
            assert not await slot.verify(encoded, b"Password")
            renewed = await slot.rehash(encoded, b"password")
            assert renewed is not None
            assert verify_password(renewed, b"password")
            assert await slot.rehash(renewed, b"password") is None
            # What is no hash at all is nobody's, however it came to be stored.
            assert not await slot.verify("$2b$31$" + BCRYPT, b"U*U")
    finally:
        pool.close()


def test_the_vector_of_sha256_is_what_hashlib_makes():
    assert hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 4096) == SHA256
