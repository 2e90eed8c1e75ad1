"""Rules about secrets, keys and tokens: how good they are, and for how long."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ostiary.advisor.lint.evidence import LATELY, LONG, REFRESH, Evidence
from ostiary.advisor.lint.finding import Found, LintRule
from ostiary.advisor.references import Severity
from ostiary.advisor.rule import MINUTE
from ostiary.jose import jwks
from ostiary.model.client import AccessTokenType, ClientSecret
from ostiary.model.sighting import DAY, HOUR, Trait
from ostiary.oauth.registry import SECRET_METHODS

_OLD = 365 * DAY
_ENDS_SOON = 30 * DAY
_LONGEST = 15 * MINUTE
"""The advisor gives no access token a longer life."""

_FAR = 4
"""So many times what is needed are far more than that."""


def _good_secrets(evidence: Evidence) -> tuple[ClientSecret, ...]:
    """Return the secrets that the client can use now, oldest first."""
    if evidence.client.token_endpoint_auth_method not in SECRET_METHODS:
        return ()
    good = [
        one
        for one in evidence.client.secrets
        if one.expires_at is None or one.expires_at > evidence.now
    ]
    return tuple(sorted(good, key=lambda one: one.created_at))


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _find_secret_old(evidence: Evidence) -> Iterator[Found]:
    secrets = _good_secrets(evidence)
    if secrets and evidence.now - secrets[-1].created_at >= _OLD:
        yield Found(values={"day": _day(secrets[-1].created_at)})


def _find_secret_ends(evidence: Evidence) -> Iterator[Found]:
    """Find an end that the application walks into: nothing that lasts longer was seen."""
    secrets = _good_secrets(evidence)
    seen = evidence.seen(Trait.SECRET)
    lasting = [one for one in secrets if one.expires_at is None]
    for one in secrets:
        if one.expires_at is None or one.expires_at - evidence.now > _ENDS_SOON:
            continue
        used = str(one.created_at) in seen
        replaced = any(str(other.created_at) in seen for other in lasting)
        if not lasting or (used and not replaced):
            yield Found(target=_day(one.created_at), values={"day": _day(one.expires_at)})


def _find_secret_unused(evidence: Evidence) -> Iterator[Found]:
    """Find secrets that were replaced and are still good."""
    secrets = _good_secrets(evidence)
    if not secrets or evidence.last_seen(Trait.SECRET, str(secrets[-1].created_at)) is None:
        return
    for one in secrets[:-1]:
        last = evidence.last_seen(Trait.SECRET, str(one.created_at))
        if last is None or evidence.now - last >= DAY:
            yield Found(target=_day(one.created_at))


def _find_method_weak(evidence: Evidence) -> Iterator[Found]:
    client = evidence.client
    if client.token_endpoint_auth_method not in SECRET_METHODS or client.jwks is None:
        return
    if jwks.parse(client.jwks).keys:
        yield Found(values={"method": client.token_endpoint_auth_method})


def _find_key_ends(evidence: Evidence) -> Iterator[Found]:
    for kid, end in evidence.client.key_expiry.items():
        if evidence.now < end <= evidence.now + _ENDS_SOON:
            yield Found(target=kid, values={"day": _day(end)})


def _find_access_token_long(evidence: Evidence) -> Iterator[Found]:
    lifetime = evidence.access_token_lifetime
    if evidence.client.access_token_type is AccessTokenType.JWT and lifetime > _LONGEST:
        yield Found(
            values={"minutes": lifetime // MINUTE}, mend={"access_token_lifetime": _LONGEST}
        )


def _find_refresh_short(evidence: Evidence) -> Iterator[Found]:
    if not evidence.uses(REFRESH):
        return
    if evidence.refresh_idle_lifetime <= evidence.access_token_lifetime:
        yield Found(
            values={
                "refresh": evidence.refresh_idle_lifetime,
                "access": evidence.access_token_lifetime,
            }
        )


def _find_refresh_long(evidence: Evidence) -> Iterator[Found]:
    pauses = [int(one) for one in evidence.seen(Trait.REFRESH_PAUSE, LONG)]
    if not pauses or not evidence.watched(LATELY, "grant_types"):
        return
    longest, idle = max(pauses), evidence.refresh_idle_lifetime
    # Whoever refreshes early still has to come back after an access token has ended.
    needed = max(longest, evidence.access_token_lifetime)
    if idle > _FAR * needed:
        yield Found(
            values={"hours": longest // HOUR, "days": idle // DAY},
            mend={"refresh_idle_lifetime": 2 * needed},
        )


def _find_jwt_unneeded(evidence: Evidence) -> Iterator[Found]:
    """Find JWTs that nobody but this server reads."""
    if evidence.client.access_token_type is not AccessTokenType.JWT or not evidence.people:
        return
    if evidence.watched(LONG, "allowed_scopes") and evidence.seen(Trait.AUDIENCE, LONG) == {
        evidence.issuer
    }:
        yield Found(mend={"access_token_type": AccessTokenType.OPAQUE.value})


_NOTE, _CAUTION, _DANGER = Severity

RULES: tuple[LintRule[Evidence], ...] = (
    LintRule(
        id="secret-ends",
        severity=_DANGER,
        member="client_secret",
        references=("RFC 6749, 2.3.1",),
        find=_find_secret_ends,
    ),
    LintRule(
        id="secret-old",
        severity=_CAUTION,
        member="client_secret",
        references=("RFC 9700, 2.5",),
        find=_find_secret_old,
    ),
    LintRule(
        id="secret-unused",
        severity=_NOTE,
        member="client_secret",
        references=("RFC 9700, 2.5",),
        find=_find_secret_unused,
    ),
    LintRule(
        id="method-weak",
        severity=_NOTE,
        member="token_endpoint_auth_method",
        references=("RFC 9700, 2.5", "RFC 7523, 2.2"),
        find=_find_method_weak,
    ),
    LintRule(
        id="key-ends",
        severity=_CAUTION,
        member="jwks",
        references=("RFC 7523, 3",),
        find=_find_key_ends,
    ),
    LintRule(
        id="access-token-long",
        severity=_CAUTION,
        member="access_token_lifetime",
        references=("RFC 9700, 4.10", "RFC 9068, 6"),
        find=_find_access_token_long,
    ),
    LintRule(
        id="refresh-short",
        severity=_CAUTION,
        member="refresh_idle_lifetime",
        references=("RFC 6749, 1.5",),
        find=_find_refresh_short,
    ),
    LintRule(
        id="refresh-long",
        severity=_NOTE,
        member="refresh_idle_lifetime",
        references=("RFC 9700, 4.14.2",),
        find=_find_refresh_long,
    ),
    LintRule(
        id="jwt-unneeded",
        severity=_NOTE,
        member="access_token_type",
        references=("RFC 9068, 6", "RFC 7662"),
        find=_find_jwt_unneeded,
    ),
)
