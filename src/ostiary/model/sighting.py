"""What was seen of a client in the traffic: which of the things it may use it does use."""

from enum import StrEnum

import msgspec


class Trait(StrEnum):
    """What is looked at. Names are those of the metadata, where these have one."""

    GRANT_TYPE = "grant_type"
    RESPONSE_TYPE = "response_type"
    RESPONSE_MODE = "response_mode"
    # The registered one, whatever port of a loopback address was asked for.
    REDIRECT_URI = "redirect_uri"
    SCOPE = "scope"
    # Audiences of access tokens; `ELSEWHERE` stands for all that are not registered.
    AUDIENCE = "audience"
    AUTH_METHOD = "token_endpoint_auth_method"
    # When the secret was made that was presented, in seconds.
    SECRET = "client_secret"
    # `S256`, or `none` where the request had no challenge.
    CODE_CHALLENGE = "code_challenge_method"
    # `sent` or `absent`, in requests with the scope openid.
    NONCE = "nonce"
    # `yes` or `no`: whether the request came by the endpoint for pushed ones.
    PUSHED = "pushed"
    # Seconds between two uses of a refresh token, rounded up to one of `PAUSES`.
    REFRESH_PAUSE = "refresh_pause"
    # What else it asks for: `userinfo`, and `keys` where the same address asks for tokens.
    ENDPOINT = "endpoint"


HOUR, DAY = 3600, 86400
PAUSES = (HOUR, DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY)

ELSEWHERE = "elsewhere"
"""What a client names freely may be anything: that it was there is kept, and not what."""

Seen = tuple[Trait, str]
"""A trait, and the value that it had."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a trait of a client, and when it was seen first and last, in seconds."""

    client_id: str
    trait: Trait
    value: str
    first_seen_at: int
    last_seen_at: int
