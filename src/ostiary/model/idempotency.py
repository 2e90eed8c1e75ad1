"""Answers that are kept for whoever sends the same request again."""

from ostiary.model.record import Record


class KeptAnswer(Record, frozen=True, kw_only=True):
    """The answer to a request that named an idempotency key.

    `digest` stands for who sent it, where to and under which key; `fingerprint` for what
    was sent. The answer is sealed under the key itself, of which nothing else is stored:
    it may hold a secret that is shown once.
    """

    digest: bytes
    fingerprint: bytes
    status: int
    sealed: bytes
    created_at: int
    expires_at: int
