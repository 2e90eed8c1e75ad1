"""Dynamic registration: what opens it, and which of the registered clients nobody used yet."""

from ostiary.model.record import Record, Versioned


class RegistrationToken(Record, frozen=True, kw_only=True):
    """An initial access token at rest (RFC 7591, 1.2): the SHA-256 digest of its text.

    `uses` is how many clients may be registered with it, None for any number; how many were
    is a counter beside it.
    """

    id: str
    digest: bytes
    uses: int | None = None
    created_at: int
    expires_at: int | None = None


class UnusedClient(Versioned, frozen=True, kw_only=True):
    """That a client registered itself and got nothing by it yet; gone with its first token."""

    client_id: str
    created_at: int
