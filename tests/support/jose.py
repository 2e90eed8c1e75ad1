"""Keys, tokens and forgeries for tests. Keys are made once per process: RSA takes its time."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from ostiary.clock import SystemEntropy
from ostiary.jose import base64url, jwks
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.jwks import KeySet
from ostiary.jose.keyring import KeyRing, instance_key_place, signing_key_place
from ostiary.jose.keys import Alg, PrivateKey, generate
from ostiary.model.key import InstanceKey, KeyState, SigningKey

NOW = 1_800_000_000
KEKS = KeyEncryptionKeys(b"K" * 32)
ENTROPY = SystemEntropy()
CLAIMS = {"iss": "https://id.test", "sub": "alice", "aud": "web", "exp": NOW + 60, "iat": NOW}


def make_key(alg: str, index: int = 0) -> PrivateKey:
    """Return the same key pair for the same arguments."""
    return _make_key(Alg(alg), index)


@cache
def _make_key(alg: Alg, index: int) -> PrivateKey:
    return generate(alg)


def make_set(*pairs: PrivateKey, **members: Any) -> KeySet:
    """Return the key set with the public halves, each with further members."""
    return jwks.parse({"keys": [pair.public_jwk | members for pair in pairs]})


def forge(
    header: dict[str, Any] | str,
    claims: dict[str, Any] | str = CLAIMS,
    sign: Callable[[bytes], bytes] | bytes = b"signature",
) -> str:
    """Put any header, payload and signature together; text is taken as it stands."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    signed = ".".join(base64url.encode(part.encode("utf-8", "surrogatepass")) for part in parts)
    signature = sign if isinstance(sign, bytes) else sign(signed.encode())
    return f"{signed}.{base64url.encode(signature)}"


def sign_as(pair: PrivateKey, claims: dict[str, Any] | str = CLAIMS, **header: Any) -> str:
    """Sign claims with a header of choice; kid and alg are the key's own unless given."""
    members = {"alg": str(pair.alg), "kid": pair.kid} | header
    return forge({k: v for k, v in members.items() if v is not None}, claims, pair.sign)


def make_signing_key(
    alg: str = "ES256", state: KeyState = KeyState.ACTIVE, *, index: int = 0, **fields: Any
) -> SigningKey:
    """Return a stored signing key, sealed under `KEKS`."""
    pair = make_key(alg, index)
    ended = state in {KeyState.RETIRED, KeyState.REVOKED}
    sealed = b"" if ended else KEKS.seal(pair.export(), signing_key_place(pair.kid), ENTROPY)
    times = {
        "published_at": None if state is KeyState.PENDING else NOW,
        "activated_at": NOW if ended or state is KeyState.ACTIVE else None,
        "retired_at": NOW if state is KeyState.RETIRED else None,
        "revoked_at": NOW if state is KeyState.REVOKED else None,
    }
    values = times | {"private_sealed": sealed, "created_at": NOW} | fields
    return SigningKey(kid=pair.kid, alg=alg, state=state, public_jwk=pair.public_jwk, **values)


def make_instance_key(purpose: str, version: int = 1, value: bytes = b"m" * 32) -> InstanceKey:
    """Return a stored symmetric key, sealed under `KEKS`."""
    key_id = f"{purpose}-{version}"
    sealed = KEKS.seal(value, instance_key_place(key_id), ENTROPY)
    return InstanceKey(
        id=key_id, purpose=purpose, key_version=version, sealed=sealed, created_at=NOW
    )


def make_ring(*keys: SigningKey | InstanceKey) -> KeyRing:
    """Return the ring of these keys."""
    return KeyRing(
        [key for key in keys if isinstance(key, SigningKey)],
        [key for key in keys if isinstance(key, InstanceKey)],
        KEKS,
    )


@cache
def encryption_key(kind: str) -> Any:
    """Return a key pair of a client for encryption: RSA, P-256, P-384 or X25519."""
    made: dict[str, Callable[[], Any]] = {
        "RSA": lambda: RSAKey.generate_key(2048, private=True),
        "P-256": lambda: ECKey.generate_key("P-256", private=True),
        "P-384": lambda: ECKey.generate_key("P-384", private=True),
        "X25519": lambda: OKPKey.generate_key("X25519", private=True),
    }
    return made[kind]()


def encryption_jwk(kind: str, **members: str) -> dict[str, Any]:
    """Return the public half of such a key, as a client registers it."""
    public: dict[str, Any] = encryption_key(kind).as_dict(private=False)
    public.pop("kid", None)
    return {**public, "use": "enc", "kid": f"enc-{kind}"} | members
