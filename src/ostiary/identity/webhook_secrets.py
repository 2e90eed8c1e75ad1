"""The secrets of webhooks: derived, so that the database does not hold them.

They have the form that Standard Webhooks describes, and so do the signatures: HMAC-SHA256
over the message's id, its time and its body.
"""

import base64
import hashlib
import hmac

from ostiary.jose.keyring import KeyRing
from ostiary.model.webhook import Webhook, WebhookSecret

PURPOSE = "webhook"
PREFIX = "whsec_"


def derive(ring: KeyRing, webhook_id: str, secret: WebhookSecret) -> bytes:
    """Return the key of a secret: 32 octets.

    Raises:
        NoSigningKey: the key of the instance is missing.
    """
    key = ring.mac_key(PURPOSE, secret.key_version)
    # An id has no NUL, so that two places never meet.
    place = f"{webhook_id}\0{secret.created_at}\0{secret.number}".encode()
    return hmac.digest(key, place, hashlib.sha256)


def show(key: bytes) -> str:
    """Return a secret as its receiver is given it."""
    return PREFIX + base64.b64encode(key).decode("ascii")


def good_secrets(webhook: Webhook, now: int) -> tuple[WebhookSecret, ...]:
    """Return the secrets that are good now, newest first."""
    good = [one for one in webhook.secrets if one.expires_at is None or one.expires_at > now]
    return tuple(sorted(good, key=lambda one: -one.number))


def sign(keys: tuple[bytes, ...], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature for each key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")
        for key in keys
    )
