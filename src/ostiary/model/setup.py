"""The one-time link with which the first administrator of an instance is made."""

from ostiary.model.record import Record


class SetupToken(Record, frozen=True, kw_only=True):
    """A setup token at rest: the SHA-256 digest of its text. Single use, 15 minutes."""

    digest: bytes
    created_at: int
    expires_at: int
    consumed_at: int | None = None
