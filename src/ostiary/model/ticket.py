"""Single-use tickets: what a link or code stands for, most of them mailed."""

from enum import StrEnum
from typing import Any

from ostiary.model.record import Record


class Purpose(StrEnum):
    """What a ticket is good for. One made for one thing is none for another."""

    PASSWORD_RESET = "password_reset"
    REGISTRATION = "registration"
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"
    EMAIL_UNDO = "email_undo"
    INVITATION = "invitation"
    EMAIL_CODE = "email_code"
    CONSOLE = "console"


class Ticket(Record, frozen=True, kw_only=True):
    """A ticket at rest: the digest of its link's secret, and what it is bound to.

    The secret of what is mailed is derived from an instance key and the id, so that neither
    this record nor a mail that waits holds it; that of a link which is shown at once is random,
    and `key_version` 0. A new ticket of the same user for the same purpose uses up the
    one before.
    """

    digest: bytes
    id: str
    purpose: Purpose
    # The user's id; for somebody who has no account (yet), what stands for their address.
    user_id: str
    organization_id: str
    # Where the mail goes; empty where none is sent, because nobody has the account.
    email: str
    # Version of the instance key that the secret is derived from.
    key_version: int
    # `credentials_changed_at` of the user: a later change makes the ticket worthless.
    since: int = 0
    # Digest of the flow that it was asked for in; who answers a code must be in it.
    flow: bytes | None = None
    # What the ticket does when it is used: the draft of an account, an address.
    values: dict[str, Any] = {}
    created_at: int
    expires_at: int
    consumed_at: int | None = None
