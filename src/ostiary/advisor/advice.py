"""From answers to advice: the rule that holds, what answers add to it, and why no other."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from ostiary.advisor.additions import ADDITIONS
from ostiary.advisor.answers import given_of, walk
from ostiary.advisor.capabilities import BINDINGS, missing
from ostiary.advisor.conditions import Known, holds, holds_any
from ostiary.advisor.questions import QUESTIONS
from ostiary.advisor.rule import Addition, ClientType, Door, Refresh, Rule, Sender
from ostiary.advisor.rules import RULES
from ostiary.oauth.scope import OFFLINE_ACCESS

_SCOPES = ("openid", "profile", "email")
_CODE = "authorization_code"
_BOUND = frozenset({Sender.RECOMMENDED, Sender.REQUIRED})


class NotChosen(msgspec.Struct, frozen=True, kw_only=True):
    """Why a rule does not hold: it wants another answer to a question."""

    rule: str
    question: str
    wanted: tuple[str, ...]
    answered: str | None


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody should do.

    `rule` is what fits to the answers; `missing` are capabilities that it waits for, and then
    `now` is another rule, the nearest one that works, to which everything else belongs.
    """

    rule: Rule
    now: Rule
    missing: tuple[str, ...]
    additions: tuple[str, ...]
    settings: Mapping[str, Any]
    method: str
    lifetime: int
    sender: Sender
    refresh: Refresh | None
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    fallbacks: tuple[str, ...]
    not_chosen: tuple[NotChosen, ...]

    @property
    def needs_keys(self) -> bool:
        """Whether it is registered with public keys of its own."""
        return self.settings.get("token_endpoint_auth_method") == "private_key_jwt"


def advise(known: Known) -> Advice:
    """Return the advice for answers that leave no question open."""
    (rule,) = matching(known)
    added = tuple(one for one in ADDITIONS.values() if holds(one.when, known))
    lacking = list(missing(rule.needs))
    now = rule
    while missing(now.needs):
        # A rule that waits names one that does not.
        assert now.nearest is not None  # noqa: S101
        now = RULES[now.nearest]
    unbound = len(missing(BINDINGS)) == len(BINDINGS)
    further = missing(tuple(need for one in added for need in one.needs))
    lacking.extend(need for need in further if need not in BINDINGS or unbound)
    refresh = _refresh(now, added, known)
    lifetime = min([now.lifetime, *(one.lifetime for one in added if one.lifetime)])
    sender = next((one.sender for one in added if one.sender is not None), now.sender)
    settings = _settings(now, added, refresh, lifetime)
    if sender in _BOUND and now.door is Door.APPLICATION and not missing(("dpop",)):
        settings["dpop_bound_access_tokens"] = True
    public = now.client is ClientType.PUBLIC
    own = (now,) if now is rule else (rule, now)
    return Advice(
        rule=rule,
        now=now,
        missing=tuple(dict.fromkeys(lacking)),
        additions=tuple(one.id for one in added),
        settings=settings,
        method=settings.get("token_endpoint_auth_method", now.methods[0]),
        lifetime=lifetime,
        sender=sender,
        refresh=refresh,
        reasons=_together(*(one.reasons for one in (*own, *added))),
        warnings=_together(
            *(one.warnings for one in (*own, *added)),
            *(one.public_warnings for one in added if public),
        ),
        sources=_together(*(one.sources for one in (*own, *added))),
        fallbacks=tuple(
            one
            for one in rule.fallbacks
            # What is old is no way out where much is at stake.
            if one != now.id and not (RULES[one].legacy and known["risk"] == "high")
        ),
        not_chosen=tuple(_explain(other, known) for other in RULES.values() if other is not rule),
    )


def matching(known: Known) -> tuple[Rule, ...]:
    """Return the rules that hold: one, wherever no question is open."""
    return tuple(rule for rule in RULES.values() if holds_any(rule.when, known))


def _together(*several: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in several for name in names))


def _refresh(rule: Rule, added: tuple[Addition, ...], known: Known) -> Refresh | None:
    if rule.refresh is None or known.get("purpose") not in rule.refresh.purposes:
        return None
    for one in added:
        if one.refresh is not None:
            return msgspec.structs.replace(
                rule.refresh,
                idle=min(rule.refresh.idle, one.refresh.idle),
                absolute=min(rule.refresh.absolute, one.refresh.absolute),
            )
    return rule.refresh


def _settings(
    rule: Rule, added: tuple[Addition, ...], refresh: Refresh | None, lifetime: int
) -> dict[str, Any]:
    """Put together what is registered, but for names, addresses and keys."""
    settings = dict(rule.settings)
    grants = list(settings.get("grant_types", ()))
    for one in added:
        if rule.people:
            settings |= one.settings
        if _CODE in grants:
            settings |= one.requests
        if one.method is not None and rule.client is ClientType.CONFIDENTIAL:
            settings["token_endpoint_auth_method"] = one.method
    if rule.people:
        settings["allowed_scopes"] = [*_SCOPES]
    if refresh is not None:
        settings["grant_types"] = [*grants, "refresh_token"]
        settings["allowed_scopes"] = [*_SCOPES, OFFLINE_ACCESS]
        settings["refresh_idle_lifetime"] = refresh.idle
        settings["refresh_absolute_lifetime"] = refresh.absolute
    settings["access_token_lifetime"] = lifetime
    return settings


def _explain(rule: Rule, known: Known) -> NotChosen:
    """Find the first question that the rule wants another answer to, on its nearest way."""
    best: tuple[int, NotChosen] | None = None
    for condition in rule.when:
        for place, question in enumerate(QUESTIONS):
            wanted = condition.get(question.id)
            if wanted is None or known.get(question.id) in wanted:
                continue
            reason = NotChosen(
                rule=rule.id,
                question=question.id,
                wanted=tuple(one.value for one in question.options if one.value in wanted),
                answered=known.get(question.id),
            )
            if best is None or place > best[0]:
                best = (place, reason)
            break
    assert best is not None, rule.id  # noqa: S101 - else it would hold
    return best[1]


def outcomes(known: Known) -> tuple[str, ...]:
    """Return the rules that can still be reached, without those behind closed doors."""
    closed = {question.id: question.default for question in QUESTIONS if question.default}
    start = {**closed, **known}
    found = dict.fromkeys(matching(way)[0].id for way in walk(start))
    return tuple(rule for rule in RULES if rule in found)


@cache
def example(rule_id: str) -> Known:
    """Return answers that lead to a rule, as few doors opened as can be."""
    for way in _ways():
        if matching(way)[0].id == rule_id:
            return given_of(way)
    raise KeyError(rule_id)


@cache
def _ways() -> tuple[dict[str, str], ...]:
    return tuple(walk())
