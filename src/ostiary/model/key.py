"""Signing keys and the other keys of an instance, encrypted at rest."""

from enum import StrEnum
from typing import Any

from ostiary.model.record import Versioned


class KeyState(StrEnum):
    """The life of a signing key: made, announced, signing, verifying only, refused."""

    PENDING = "pending"
    PUBLISHED = "published"
    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


class SigningKey(Versioned, frozen=True, kw_only=True):
    """A key pair for one JWS algorithm. The private half is an envelope (AES-256-GCM)."""

    kid: str
    alg: str
    state: KeyState
    public_jwk: dict[str, Any]
    private_sealed: bytes
    created_at: int
    published_at: int | None = None
    activated_at: int | None = None
    retired_at: int | None = None
    revoked_at: int | None = None


class InstanceKey(Versioned, frozen=True, kw_only=True):
    """A symmetric key of the instance by purpose and version, sealed like the others.

    Purposes: `refresh` (MAC of refresh tokens), `browser` (device cookies, form tokens),
    `sid` (session ids shown to clients), `pairwise` (subjects of pairwise clients),
    `webhook` (secrets of webhooks).
    """

    id: str
    purpose: str
    key_version: int
    sealed: bytes
    created_at: int
