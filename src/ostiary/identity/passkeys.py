"""Passkeys: what a browser returns of a WebAuthn ceremony is verified here.

WebAuthn Level 3, 7.1 (registration) and 7.2 (authentication). Rules: the user is always
verified, so that a passkey alone is two factors; origin and relying party are those of the
issuer exactly, never in another site's frame; attestation is not asked for, and what comes
of it is neither trusted nor needed.
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AttestationObject, AuthenticatorData

from ostiary.jose import base64url, json
from ostiary.jose.errors import JoseError

T = TypeVar("T")

ALGS = (-7, -8, -257)
"""Algorithms that are offered (COSE): ES256, EdDSA, RS256."""

MAX_OCTETS = 16_384
# An attestation object is mostly a key of some hundred octets; certificates come on top.
_MAX_ATTESTATION = 8192
_MAX_CLIENT = 4096
_MAX_CREDENTIAL_ID = 1023
_MIN_RSA_OCTETS = 256
_CREATE, _GET = "webauthn.create", "webauthn.get"
_FIXED_PART = 37  # of authenticator data: relying party, flags, counter
# Formats of attestation that browsers pass on; their statements are not looked at.
_FORMATS = {
    *("none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple"),
    "compound",
}
_TRANSPORTS = {"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}


class BadCeremony(Exception):
    """What the browser returned is not good. `reason` is a short name, for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RelyingParty(msgspec.Struct, frozen=True):
    """Whom passkeys are for: the issuer's host, and its origin."""

    id: str
    origin: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser's script sends: a public key credential, as JSON."""

    credential_id: bytes
    client: bytes
    # Of a registration.
    attestation: bytes = b""
    transports: tuple[str, ...] = ()
    # Of an authentication.
    authenticator: bytes = b""
    signature: bytes = b""
    user_handle: bytes | None = None


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    aaguid: bytes


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was used."""

    sign_count: int
    backed_up: bool


def read_returned(text: str) -> Returned:
    """Read what the script sent.

    Raises:
        BadCeremony: it is not what a public key credential looks like.
    """
    try:
        document = json.parse_object(text, limit=MAX_OCTETS, depth=8)
        response = document["response"]
        handle = response.get("userHandle")
        transports = response.get("transports") or []
        return Returned(
            credential_id=base64url.decode(document["rawId"]),
            client=base64url.decode(response["clientDataJSON"]),
            attestation=base64url.decode(response.get("attestationObject") or ""),
            transports=tuple(one for one in transports if one in _TRANSPORTS),
            authenticator=base64url.decode(response.get("authenticatorData") or ""),
            signature=base64url.decode(response.get("signature") or ""),
            user_handle=None if handle is None else base64url.decode(handle),
        )
    except (JoseError, KeyError, TypeError, AttributeError, ValueError):
        raise BadCeremony("malformed") from None


def read_challenge(returned: Returned, party: RelyingParty, *, create: bool) -> bytes:
    """Return the challenge that was answered, once type and origin are right.

    Raises:
        BadCeremony: the answer is to another kind of question, or was given on another site.
    """
    try:
        client = json.parse_object(returned.client.decode("utf-8"), limit=_MAX_CLIENT, depth=8)
        challenge = base64url.decode(client["challenge"])
        kind, origin = client["type"], client["origin"]
    except (JoseError, KeyError, TypeError, AttributeError, ValueError):
        raise BadCeremony("client_data") from None
    if kind != (_CREATE if create else _GET):
        raise BadCeremony("type")
    if origin != party.origin:
        raise BadCeremony("origin")
    if client.get("crossOrigin") not in (None, False) or "topOrigin" in client:
        raise BadCeremony("cross_origin")
    return challenge


def verify_registration(returned: Returned, party: RelyingParty) -> Registered:
    """Verify a new credential; its challenge was checked before.

    Raises:
        BadCeremony: it is not good.
    """
    if len(returned.attestation) > _MAX_ATTESTATION:
        raise BadCeremony("too_large")
    attestation = _parse(lambda: AttestationObject(returned.attestation))
    data = attestation.auth_data
    if attestation.fmt not in _FORMATS or (attestation.fmt == "none" and attestation.att_stmt):
        raise BadCeremony("attestation")
    made = data.credential_data
    # A map that names a key twice has more octets than what was read of it.
    if _lengths(attestation) != (len(returned.attestation), len(data)):
        raise BadCeremony("cbor")
    _check_flags(data, party)
    if made is None or not 1 <= len(made.credential_id) <= _MAX_CREDENTIAL_ID:
        raise BadCeremony("credential")
    if made.credential_id != returned.credential_id:
        raise BadCeremony("credential_id")
    _check_key(made.public_key)
    return Registered(
        credential_id=bytes(made.credential_id),
        public_key=cbor.encode(made.public_key),
        sign_count=data.counter,
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
        transports=tuple(dict.fromkeys(returned.transports)),
        aaguid=bytes(made.aaguid),
    )


def verify_assertion(
    returned: Returned, party: RelyingParty, public_key: bytes, *, backup_eligible: bool
) -> Asserted:
    """Verify that a credential answered; its challenge was checked before.

    Raises:
        BadCeremony: it did not, or not in the way that is asked for.
    """
    data = _parse(lambda: AuthenticatorData(returned.authenticator))
    _check_flags(data, party)
    if data.is_backup_eligible() != backup_eligible:
        raise BadCeremony("backup_eligibility")
    key = CoseKey.parse(cast("dict[int, Any]", cbor.decode(public_key)))
    signed = returned.authenticator + hashlib.sha256(returned.client).digest()
    try:
        key.verify(signed, returned.signature)
    except InvalidSignature:
        raise BadCeremony("signature") from None
    return Asserted(sign_count=data.counter, backed_up=data.is_backed_up())


def is_count_plausible(before: int, after: int) -> bool:
    """Tell whether a counter has moved on; a clone's has not. Many have none (7.2, step 22)."""
    return (before, after) == (0, 0) or after > before


def _check_flags(data: AuthenticatorData, party: RelyingParty) -> None:
    if data.rp_id_hash != hashlib.sha256(party.id.encode()).digest():
        raise BadCeremony("rp_id")
    if not data.is_user_present():
        raise BadCeremony("user_present")
    if not data.is_user_verified():
        raise BadCeremony("user_verified")
    if data.is_backed_up() and not data.is_backup_eligible():
        raise BadCeremony("backup_state")


def _check_key(key: CoseKey) -> None:
    """Refuse a key that nothing could be verified with, or that was not offered."""
    if key.get(3) not in ALGS:
        raise BadCeremony("algorithm")
    modulus = key.get(-1)
    if key[3] == ALGS[2] and (not isinstance(modulus, bytes) or len(modulus) < _MIN_RSA_OCTETS):
        raise BadCeremony("key")
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        raise BadCeremony("key") from None
    raise BadCeremony("key")


def _lengths(attestation: AttestationObject) -> tuple[int, int]:
    """Return how long the attestation object, and the data in it, are when written again."""
    data = attestation.auth_data
    content = {
        "fmt": attestation.fmt,
        "authData": bytes(data),
        "attStmt": attestation.att_stmt,
    }
    parts = [data.credential_data or b""]
    if data.extensions is not None:
        extensions = data.extensions
        parts.append(_parse(lambda: cbor.encode(extensions)))
    return len(_parse(lambda: cbor.encode(content))), _FIXED_PART + sum(map(len, parts))


def _parse(read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception:  # noqa: BLE001 - the library raises what Python does on odd octets
        raise BadCeremony("malformed") from None
