"""Human users and their credentials."""

from enum import StrEnum

import msgspec

from ostiary.model.factor import FactorKind
from ostiary.model.record import Record, Versioned


class UserState(StrEnum):
    """Whether a user may sign in. A deleted user's id is never used again."""

    ACTIVE = "active"
    LOCKED = "locked"
    DEACTIVATED = "deactivated"
    PENDING = "pending"
    DELETED = "deleted"


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The claims of scope `profile` (OpenID Connect Core 5.1), less those derived."""

    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    middle_name: str | None = None
    nickname: str | None = None
    profile: str | None = None
    picture: str | None = None
    website: str | None = None
    gender: str | None = None
    birthdate: str | None = None
    zoneinfo: str | None = None
    locale: str | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `address` claim (OpenID Connect Core 5.1.1)."""

    formatted: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class User(Versioned, frozen=True, kw_only=True):
    """A person who signs in. `id` is the public subject; `oauth.subject` makes every `sub`."""

    id: str
    organization_id: str
    username: str
    state: UserState = UserState.ACTIVE
    # An encoded password hash (Argon2id), or None where the person has no password.
    password_hash: str | None = None
    # Sessions, codes and tokens from before a change of credentials are refused.
    credentials_changed_at: int = 0
    # The kinds of factors that the person has, in step with the `Factor` records: every change
    # of those is one of the user too.
    factors: tuple[FactorKind, ...] = ()
    # How often they signed in without the second factor that a policy demands.
    grace_logins: int = 0
    email: str | None = None
    email_verified: bool = False
    phone_number: str | None = None
    phone_number_verified: bool = False
    profile: Profile = Profile()
    address: Address | None = None
    metadata: dict[str, str] = {}
    created_at: int = 0
    updated_at: int = 0


class LoginName(Record, frozen=True, kw_only=True):
    """A name under which a user signs in: user name or e-mail address, case-folded.

    Both share one namespace per instance, so that a name never means two people.
    """

    name: str
    user_id: str
