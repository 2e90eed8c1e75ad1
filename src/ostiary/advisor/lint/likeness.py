"""From a registered application back to the advice that it is nearest to, and how far off."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from ostiary.advisor.advice import advise
from ostiary.advisor.answers import given_of, walk
from ostiary.advisor.conditions import Known
from ostiary.advisor.lint.evidence import REFRESH, Evidence
from ostiary.advisor.rule import Door, Rule
from ostiary.advisor.rules import RULES

# What an advice leaves open is as if it had said this.
_UNSAID: Mapping[str, Any] = {
    "require_pkce": True,
    "require_pushed_authorization_requests": False,
    "response_types": [],
}
_COMPARED = (
    *("type", "token_endpoint_auth_method", "grant_types", "response_types", "require_pkce"),
    *("access_token_type", "require_pushed_authorization_requests", "access_token_lifetime"),
    *("refresh_idle_lifetime", "refresh_absolute_lifetime"),
)
# Lists whose order means nothing.
_SETS = frozenset({"grant_types", "response_types"})


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that the advisor would choose otherwise."""

    member: str
    registered: Any
    advised: Any


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """The rule that an application is nearest to, answers that lead there, and what differs."""

    rule: str
    answers: Known
    deviations: tuple[Deviation, ...]


class _Model(msgspec.Struct, frozen=True):
    rule: Rule
    answers: Known
    settings: Mapping[str, Any]


@cache
def _models() -> tuple[_Model, ...]:
    """Return everything that the advisor may advise to register, each once, in its order."""
    found: dict[tuple[str, bytes], _Model] = {}
    for known in walk():
        advice = advise(known)
        if advice.now.door is not Door.APPLICATION:
            continue
        key = (advice.now.id, msgspec.json.encode(advice.settings, order="sorted"))
        found.setdefault(key, _Model(advice.now, given_of(known), advice.settings))
    order = list(RULES)
    return tuple(sorted(found.values(), key=lambda one: order.index(one.rule.id)))


def liken(evidence: Evidence) -> Likeness | None:
    """Return the advice that an application is nearest to; None where none is of its flow."""
    registered = _registered(evidence)
    flow = set(registered["grant_types"]) - {REFRESH}
    alike = [
        Likeness(rule=one.rule.id, answers=one.answers, deviations=_deviations(one, registered))
        for one in _models()
        if set(one.settings["grant_types"]) - {REFRESH} == flow
    ]
    return min(alike, key=lambda one: len(one.deviations), default=None)


def _registered(evidence: Evidence) -> dict[str, Any]:
    client, policy = evidence.client, evidence.policies.token_lifetimes
    absolute = client.lifetimes.refresh_absolute
    return {
        "type": client.type.value,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "grant_types": list(client.grant_types),
        "response_types": list(client.response_types),
        "require_pkce": client.require_pkce,
        "access_token_type": client.access_token_type.value,
        "require_pushed_authorization_requests": client.require_pushed_authorization_requests,
        "access_token_lifetime": evidence.access_token_lifetime,
        "refresh_idle_lifetime": evidence.refresh_idle_lifetime,
        "refresh_absolute_lifetime": policy.refresh_absolute if absolute is None else absolute,
    }


def _deviations(model: _Model, registered: Mapping[str, Any]) -> tuple[Deviation, ...]:
    advised = {**_UNSAID, **model.settings}
    return tuple(
        Deviation(member=name, registered=registered[name], advised=advised[name])
        for name in _COMPARED
        if name in advised and not _fits(name, registered[name], advised[name], model.rule)
    )


def _fits(name: str, registered: Any, advised: Any, rule: Rule) -> bool:
    if name in _SETS:
        return set(registered) == set(advised)
    if name == "token_endpoint_auth_method":
        return registered == advised or registered in rule.methods
    return bool(registered == advised)
