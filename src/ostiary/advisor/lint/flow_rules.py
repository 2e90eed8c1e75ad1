"""Rules about flows: what protects them, and what is no longer recommended."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ostiary.advisor.lint.evidence import CODE, LATELY, REFRESH, Evidence
from ostiary.advisor.lint.finding import Found, LintRule
from ostiary.advisor.references import Severity
from ostiary.model.client import AppType
from ostiary.model.sighting import DAY, Trait
from ostiary.oauth import legacy
from ostiary.oauth.registry import REFRESHABLE
from ostiary.oauth.scope import OPENID

_WEEK = 7 * DAY
SOON = 60 * DAY
"""So long before its end people are told that an opt-in ends."""


def _always(evidence: Evidence, trait: Trait, value: str) -> bool:
    """Tell whether a trait had one value alone for a while."""
    return evidence.watched(_WEEK) and evidence.seen(trait) == {value}


def _find_pkce_not_required(evidence: Evidence) -> Iterator[Found]:
    client = evidence.client
    if client.require_pkce or not evidence.uses(CODE):
        return
    safe = _always(evidence, Trait.CODE_CHALLENGE, "S256")
    if safe or client.legacy is None:
        yield Found(mend={"require_pkce": True} if safe else None)


def _find_nonce_never_sent(evidence: Evidence) -> Iterator[Found]:
    if evidence.watched(DAY) and evidence.seen(Trait.NONCE) == {"absent"}:
        yield Found()


def _find_pushed_not_required(evidence: Evidence) -> Iterator[Found]:
    if (
        evidence.client.require_pushed_authorization_requests
        or evidence.policies.require_pushed_authorization_requests
    ):
        return
    if _always(evidence, Trait.PUSHED, "yes"):
        yield Found(mend={"require_pushed_authorization_requests": True})


def legacy_uses(evidence: Evidence) -> tuple[str, ...]:
    """Return the response types and grants of a client that are no longer recommended."""
    types, grants = legacy.choose(evidence.client.response_types, evidence.client.grant_types)
    return (*types, *(grant for grant in grants if grant == legacy.PASSWORD))


def without_legacy(evidence: Evidence, unused: tuple[str, ...]) -> Mapping[str, Any] | None:
    """Return the change that takes legacy uses from a client; None where too little is left."""
    client = evidence.client
    types = [kind for kind in client.response_types if kind not in unused]
    front = any(kind != legacy.CODE for kind in types)
    code = any(legacy.CODE in kind.split() for kind in types)
    grants = [
        grant
        for grant in client.grant_types
        if grant not in unused and (grant != legacy.IMPLICIT or front) and (grant != CODE or code)
    ]
    if not _BASES.intersection(grants) or (client.redirect_uris and not types):
        return None
    if not REFRESHABLE.intersection(grants):
        grants = [grant for grant in grants if grant != REFRESH]
    change: dict[str, Any] = {"grant_types": grants, "response_types": types}
    if not front and legacy.PASSWORD not in grants and client.require_pkce:
        change["legacy"] = None
    return change


_BASES = frozenset({CODE, legacy.IMPLICIT, legacy.PASSWORD})


def _find_legacy_unused(evidence: Evidence) -> Iterator[Found]:
    client = evidence.client
    if client.legacy is None:
        return
    uses = legacy_uses(evidence)
    if not uses:
        if client.require_pkce:
            yield Found(values={"uses": ""}, mend={"legacy": None})
        return
    if not evidence.watched(LATELY, "response_types", "grant_types"):
        return
    seen = evidence.seen(Trait.RESPONSE_TYPE) | evidence.seen(Trait.GRANT_TYPE)
    unused = tuple(use for use in uses if use not in seen)
    if unused:
        yield Found(values={"uses": ", ".join(unused)}, mend=without_legacy(evidence, unused))


def _find_legacy_without_end(evidence: Evidence) -> Iterator[Found]:
    opted = evidence.client.legacy
    if opted is not None and opted.until is None:
        yield Found(values={"reason": opted.reason})


def _find_legacy_ending(evidence: Evidence) -> Iterator[Found]:
    opted = evidence.client.legacy
    if opted is None or opted.until is None:
        return
    left = legacy.end_of(opted.until) - evidence.now
    if 0 < left <= SOON:
        yield Found(values={"until": opted.until, "last": last_legacy_use(evidence) or "—"})


def _find_legacy_ended(evidence: Evidence) -> Iterator[Found]:
    opted = evidence.client.legacy
    if opted is None or opted.until is None or evidence.now < legacy.end_of(opted.until):
        return
    uses = legacy_uses(evidence)
    mend = without_legacy(evidence, uses) if uses else None
    yield Found(values={"until": opted.until}, mend=mend)


def last_legacy_use(evidence: Evidence) -> str | None:
    """Return the day on which a legacy use was seen last, as `YYYY-MM-DD` in UTC."""
    times = [
        one.last_seen_at
        for one in evidence.sightings
        if one.trait in {Trait.RESPONSE_TYPE, Trait.GRANT_TYPE}
        and one.value in {*legacy.RESPONSE_TYPES, legacy.PASSWORD}
    ]
    return datetime.fromtimestamp(max(times), UTC).date().isoformat() if times else None


def _find_legacy_could_be_code(evidence: Evidence) -> Iterator[Found]:
    if legacy.IMPLICIT not in evidence.client.grant_types:
        return
    seen = evidence.seen(Trait.RESPONSE_TYPE)
    if legacy.CODE in seen and evidence.seen(Trait.CODE_CHALLENGE) >= {"S256"}:
        old = ", ".join(sorted(seen - {legacy.CODE}))
        if old:
            yield Found(values={"uses": old})


def _find_openid_missing(evidence: Evidence) -> Iterator[Found]:
    if evidence.people and OPENID not in evidence.client.allowed_scopes:
        yield Found()


def _find_type_contradicts_method(evidence: Evidence) -> Iterator[Found]:
    client = evidence.client
    if client.type is not AppType.WEB or client.token_endpoint_auth_method != "none":
        return
    fits = set(client.grant_types) <= {CODE, "refresh_token"}
    yield Found(mend={"type": AppType.USER_AGENT.value} if fits else None)


def _find_native_secret(evidence: Evidence) -> Iterator[Found]:
    client = evidence.client
    if client.type is AppType.NATIVE and client.token_endpoint_auth_method != "none":
        yield Found(values={"method": client.token_endpoint_auth_method})


_NOTE, _CAUTION, _DANGER = Severity

RULES: tuple[LintRule[Evidence], ...] = (
    LintRule(
        id="pkce-not-required",
        severity=_CAUTION,
        member="require_pkce",
        references=("RFC 9700, 2.1.1", "RFC 7636"),
        find=_find_pkce_not_required,
    ),
    LintRule(
        id="nonce-never-sent",
        severity=_NOTE,
        member="response_types",
        references=("OpenID Connect Core 3.1.2.1", "RFC 9700, 4.5.3.2"),
        find=_find_nonce_never_sent,
    ),
    LintRule(
        id="pushed-not-required",
        severity=_NOTE,
        member="require_pushed_authorization_requests",
        references=("RFC 9126, 6",),
        find=_find_pushed_not_required,
    ),
    LintRule(
        id="legacy-unused",
        severity=_CAUTION,
        member="legacy",
        references=("RFC 9700, 2.1.2", "RFC 9700, 2.4"),
        find=_find_legacy_unused,
    ),
    LintRule(
        id="legacy-without-end",
        severity=_CAUTION,
        member="legacy",
        references=("RFC 9700, 2.1.2", "RFC 9700, 2.4"),
        find=_find_legacy_without_end,
    ),
    LintRule(
        id="legacy-ending",
        severity=_CAUTION,
        member="legacy",
        references=("RFC 9700, 2.1.2", "RFC 9700, 2.4"),
        find=_find_legacy_ending,
    ),
    LintRule(
        id="legacy-ended",
        severity=_DANGER,
        member="legacy",
        references=("RFC 9700, 2.1.2", "RFC 9700, 2.4"),
        find=_find_legacy_ended,
    ),
    LintRule(
        id="legacy-could-be-code",
        severity=_CAUTION,
        member="response_types",
        references=("RFC 9700, 2.1.2", "RFC 7636"),
        find=_find_legacy_could_be_code,
    ),
    LintRule(
        id="openid-missing",
        severity=_NOTE,
        member="allowed_scopes",
        references=("OpenID Connect Core 3.1.2.1",),
        find=_find_openid_missing,
    ),
    LintRule(
        id="type-contradicts-method",
        severity=_CAUTION,
        member="type",
        references=("RFC 6749, 2.1",),
        find=_find_type_contradicts_method,
    ),
    LintRule(
        id="native-secret",
        severity=_CAUTION,
        member="token_endpoint_auth_method",
        references=("RFC 8252, 8.5",),
        find=_find_native_secret,
    ),
)
