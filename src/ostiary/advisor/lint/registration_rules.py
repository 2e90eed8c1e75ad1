"""Rules about what is registered and should be no more than what is used."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ostiary.advisor.lint.evidence import CODE, LATELY, LONG, REFRESH, Evidence
from ostiary.advisor.lint.finding import Found, LintRule
from ostiary.advisor.references import Severity
from ostiary.model.client import AppType
from ostiary.model.sighting import DAY, Trait
from ostiary.oauth import legacy
from ostiary.oauth.registry import REFRESHABLE
from ostiary.oauth.scope import OPENID

_IN_BROWSERS = frozenset({AppType.WEB, AppType.USER_AGENT})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _loopback(uri: str) -> bool:
    return urlsplit(uri).hostname in _LOOPBACK


def _find_redirect_uri_unused(evidence: Evidence) -> Iterator[Found]:
    registered = evidence.client.redirect_uris
    unused = evidence.unseen(Trait.REDIRECT_URI, registered, "redirect_uris")
    for uri in unused if len(unused) < len(registered) else ():
        kept = [one for one in registered if one != uri]
        yield Found(target=uri, mend={"redirect_uris": kept})


def _find_loopback(evidence: Evidence, member: str) -> Iterator[Found]:
    """Find addresses of one's own machine beside others, on a server that is public."""
    if evidence.client.type not in _IN_BROWSERS or _loopback(evidence.issuer):
        return
    registered: tuple[str, ...] = getattr(evidence.client, member)
    kept = [one for one in registered if not _loopback(one)]
    for one in registered if kept else ():
        if _loopback(one):
            left = [other for other in registered if other != one]
            yield Found(target=one, mend={member: left})


def _find_redirect_uri_loopback(evidence: Evidence) -> Iterator[Found]:
    yield from _find_loopback(evidence, "redirect_uris")


def _find_origin_loopback(evidence: Evidence) -> Iterator[Found]:
    """Find origins that stay when the redirect URIs that they came from are gone, too."""
    yield from _find_loopback(evidence, "web_origins")


def _find_scope_unused(evidence: Evidence) -> Iterator[Found]:
    registered = evidence.client.allowed_scopes
    for scope in evidence.unseen(Trait.SCOPE, registered, "allowed_scopes"):
        if scope != OPENID:
            kept = [one for one in registered if one != scope]
            yield Found(target=scope, mend={"allowed_scopes": kept})


def _find_grant_unused(evidence: Evidence) -> Iterator[Found]:
    registered = evidence.client.grant_types
    others = {REFRESH, *legacy.GRANT_TYPES}
    unused = evidence.unseen(Trait.GRANT_TYPE, registered, "grant_types")
    for grant in unused:
        if grant in others:
            continue
        kept = [one for one in registered if one != grant]
        if not REFRESHABLE.intersection(kept):
            kept = [one for one in kept if one != REFRESH]
        # Much else hangs on the code: addresses, response types.
        lonely = not kept
        yield Found(target=grant, mend=None if grant == CODE or lonely else {"grant_types": kept})


def _find_refresh_unused(evidence: Evidence) -> Iterator[Found]:
    if not evidence.uses(REFRESH):
        return
    # A token that rests as long as it may is in use.
    span = max(LATELY, evidence.refresh_idle_lifetime)
    seen = evidence.seen(Trait.GRANT_TYPE, span)
    if not seen or REFRESH in seen or not evidence.watched(span, "grant_types"):
        return
    kept = [one for one in evidence.client.grant_types if one != REFRESH]
    mend: dict[str, object] = {"grant_types": kept}
    if evidence.client.refresh_token_always:
        mend["refresh_token_always"] = False
    yield Found(mend=mend)


def _find_never_used(evidence: Evidence) -> Iterator[Found]:
    if not evidence.sightings and evidence.watched(LATELY):
        yield Found()


def _find_unused_lately(evidence: Evidence) -> Iterator[Found]:
    last = evidence.last_seen()
    if last is not None and evidence.now - last >= LONG:
        yield Found(values={"days": (evidence.now - last) // DAY})


_NOTE, _CAUTION, _ = Severity

RULES: tuple[LintRule[Evidence], ...] = (
    LintRule(
        id="redirect-uri-unused",
        severity=_NOTE,
        member="redirect_uris",
        references=("RFC 9700, 2.1", "RFC 9700, 4.1.3"),
        find=_find_redirect_uri_unused,
    ),
    LintRule(
        id="redirect-uri-loopback",
        severity=_CAUTION,
        member="redirect_uris",
        references=("RFC 9700, 2.1", "RFC 8252, 8.3"),
        find=_find_redirect_uri_loopback,
    ),
    LintRule(
        id="origin-loopback",
        severity=_CAUTION,
        member="web_origins",
        references=("RFC 9700, 2.6",),
        find=_find_origin_loopback,
    ),
    LintRule(
        id="scope-unused",
        severity=_NOTE,
        member="allowed_scopes",
        references=("RFC 9700, 2.3",),
        find=_find_scope_unused,
    ),
    LintRule(
        id="grant-unused",
        severity=_NOTE,
        member="grant_types",
        references=("RFC 9700, 2.3",),
        find=_find_grant_unused,
    ),
    LintRule(
        id="refresh-unused",
        severity=_NOTE,
        member="grant_types",
        references=("RFC 9700, 4.14.2",),
        find=_find_refresh_unused,
    ),
    LintRule(
        id="never-used",
        severity=_NOTE,
        member="client_id",
        references=("RFC 9700, 2.5",),
        find=_find_never_used,
    ),
    LintRule(
        id="unused-lately",
        severity=_NOTE,
        member="client_id",
        references=("RFC 9700, 2.5",),
        find=_find_unused_lately,
    ),
)
