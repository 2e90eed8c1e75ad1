"""An authenticator in software: makes passkeys and answers with them, rightly or wrongly."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

from ostiary.jose import base64url

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ORIGIN, RP_ID = "https://id.test", "id.test"


@dataclass
class Authenticator:
    """One passkey and the device that holds it."""

    synced: bool = True
    origin: str = ORIGIN
    rp_id: str = RP_ID
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: bytes = b""
    count: int = 0

    @property
    def flags(self) -> int:
        """The flags of somebody who is present and verified."""
        return UP | UV | (BE | BS if self.synced else 0)

    def client_data(self, kind: str, challenge: str, **changes: Any) -> bytes:
        """What the browser says about the ceremony; None leaves a member out."""
        members = {
            "type": f"webauthn.{kind}",
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": False,
        } | changes
        return json.dumps({k: v for k, v in members.items() if v is not None}).encode()

    def data(self, flags: int, rest: bytes = b"") -> bytes:
        """Authenticator data."""
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        return rp + bytes([flags]) + self.count.to_bytes(4) + rest

    def attested(self, cose: bytes | None = None) -> bytes:
        """What a registration says about the credential."""
        key = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))
        id_ = self.credential_id
        return bytes(16) + len(id_).to_bytes(2) + id_ + (key if cose is None else cose)

    def create(self, options: dict[str, Any], **changes: Any) -> str:
        """Make the passkey; `changes` make the answer wrong."""
        self.user_handle = base64url.decode(options["user"]["id"])
        flags = changes.pop("flags", self.flags) | AT
        data = self.data(flags, changes.pop("attested", self.attested()))
        attestation = changes.pop("attestation", None) or cbor.encode(
            {
                "fmt": changes.pop("fmt", "none"),
                "attStmt": changes.pop("stmt", {}),
                "authData": data,
            }
        )
        client = changes.pop("client", None) or self.client_data(
            "create", changes.pop("challenge", options["challenge"]), **changes
        )
        response = {
            "clientDataJSON": base64url.encode(client),
            "attestationObject": base64url.encode(attestation),
            "transports": ["internal", "unheard-of"],
        }
        return self._write(response)

    def get(self, options: dict[str, Any], **changes: Any) -> str:
        """Answer with the passkey; `changes` make the answer wrong."""
        self.count += changes.pop("step", 1)
        data = self.data(changes.pop("flags", self.flags))
        handle = changes.pop("user_handle", self.user_handle)
        key = changes.pop("key", self.key)
        client = changes.pop("client", None) or self.client_data(
            "get", changes.pop("challenge", options.get("challenge")), **changes
        )
        signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": base64url.encode(client),
            "authenticatorData": base64url.encode(data),
            "signature": base64url.encode(signature),
        }
        if handle is not None:
            response["userHandle"] = base64url.encode(handle)
        return self._write(response)

    def _write(self, response: dict[str, Any]) -> str:
        raw = base64url.encode(self.credential_id)
        return json.dumps({"rawId": raw, "type": "public-key", "response": response})


def options_of(page: str) -> dict[str, Any]:
    """Return what a page has the browser ask an authenticator."""
    text = page.partition('data-options="')[2].partition('"')[0]
    found: dict[str, Any] = json.loads(unescape(text))
    return found
