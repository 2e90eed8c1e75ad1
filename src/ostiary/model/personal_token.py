"""Personal access tokens: made once, shown once, kept as digests."""

from ostiary.model.record import Versioned


class PersonalToken(Versioned, frozen=True, kw_only=True):
    """A long-lived access token of a service account or a person, at rest.

    `user_id` is the id of whichever it is. A token that is taken back is deleted.
    """

    digest: bytes
    id: str
    user_id: str
    organization_id: str
    name: str = ""
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    created_at: int
    expires_at: int
    # Noted once an hour at most.
    last_used_at: int | None = None
