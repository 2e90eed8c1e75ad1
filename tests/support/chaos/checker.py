"""Hold the database to the journal: nothing acknowledged is lost, nothing happened twice.

Kinds of journal entries, each written when the answer was there in whole:

    token        an access token: `jti` of a JWT, or `opaque`; `code` names its grant
    code         an authorization code
    redemption   a code's redemption that succeeded; with `refresh_token`
    rotation     a refresh that succeeded: `token` gave `successor`
    replaying    `code` is about to be sent a second time; `replayed`: that was refused
    stealing     an old refresh token is about to be sent; `stolen`: that was refused
    abandoned    a family whose last rotation is unknown and could not be asked for again in time
    violation    something that a client should never have been told
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from ostiary.oauth.token import refresh
from support.chaos.facts import Facts

Entry = dict[str, Any]


def digest(text: str) -> bytes:
    """Compute what the server stores of a random value."""
    return hashlib.sha256(text.encode()).digest()


def check(entries: list[Entry], facts: Facts) -> list[str]:
    """Return everything that the database and the clients disagree about."""
    history = _History(entries)
    rules: tuple[Callable[[_History, Facts], Iterator[str]], ...] = (
        _violations,
        _tokens_have_events,
        _codes_have_rows_and_events,
        _codes_are_redeemed_once,
        _rotations_are_linear,
        _families_are_where_clients_left_them,
        _grants_end_for_a_reason,
    )
    return [fault for rule in rules for fault in rule(history, facts)]


class _History:
    """The journal, sorted by what its entries are about."""

    def __init__(self, entries: list[Entry]) -> None:
        self.by_kind: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            self.by_kind[entry["kind"]].append(entry)
        self.redemptions = Counter(entry["code"] for entry in self.by_kind["redemption"])

    def codes(self, *kinds: str) -> set[str]:
        """Return the codes that entries of these kinds name."""
        return {entry["code"] for kind in kinds for entry in self.by_kind[kind]}

    def grants(self, facts: Facts, *kinds: str) -> set[str]:
        """Return the grants of these codes."""
        rows = (facts.codes.get(digest(code)) for code in self.codes(*kinds))
        return {row.grant_id for row in rows if row is not None}


def _violations(history: _History, _facts: Facts) -> Iterator[str]:
    for entry in history.by_kind["violation"]:
        yield f"a client was told what it should not be: {entry['what']}"


def _tokens_have_events(history: _History, facts: Facts) -> Iterator[str]:
    for entry in history.by_kind["token"]:
        jti = entry.get("jti")
        if jti is None:
            row = facts.tokens.get(digest(entry["opaque"]))
            if row is None:
                yield f"an acknowledged opaque token has no row: {entry}"
                continue
            jti = row.jti
        if facts.issued[jti] != 1:
            yield f"an acknowledged token has {facts.issued[jti]} events token.issued: {entry}"


def _codes_have_rows_and_events(history: _History, facts: Facts) -> Iterator[str]:
    for entry in history.by_kind["code"]:
        row = facts.codes.get(digest(entry["code"]))
        if row is None:
            yield f"an acknowledged code has no row: {entry}"
            continue
        if row.grant_id not in facts.grants:
            yield f"an acknowledged code has no grant: {entry}"
        if facts.codes_issued[row.grant_id] != 1:
            count = facts.codes_issued[row.grant_id]
            yield f"an acknowledged code has {count} events code.issued: {entry}"


def _codes_are_redeemed_once(history: _History, facts: Facts) -> Iterator[str]:
    for code, times in history.redemptions.items():
        if times > 1:
            yield f"a code was redeemed {times} times: {code}"
        row = facts.codes.get(digest(code))
        if row is not None and not row.consumed:
            yield f"a code was redeemed and is not used up: {code}"
        if row is not None and facts.redeemed[row.grant_id] != 1:
            count = facts.redeemed[row.grant_id]
            yield f"a redeemed code has {count} events token.issued: {code}"
    for grant_id, times in facts.redeemed.items():
        if times > 1:
            yield f"a grant got tokens for its code {times} times: {grant_id}"
    families = Counter(family.grant_id for family in facts.families.values())
    for grant_id, count in families.items():
        if count > 1:
            yield f"a grant has {count} families of refresh tokens: {grant_id}"


def _rotations_are_linear(history: _History, _facts: Facts) -> Iterator[str]:
    successors: dict[str, str] = {}
    for entry in history.by_kind["rotation"]:
        token, successor = entry["token"], entry["successor"]
        if successors.setdefault(token, successor) != successor:
            yield f"a refresh token has two successors: {entry}"
        old, new = refresh.read(token), refresh.read(successor)
        if old is None or new is None or old.family_id != new.family_id:
            yield f"a refresh token's successor is of another family: {entry}"
        elif new.generation != old.generation + 1:
            yield f"a refresh token's successor is not of the next generation: {entry}"


def _families_are_where_clients_left_them(history: _History, facts: Facts) -> Iterator[str]:
    abandoned = history.codes("abandoned")
    last: dict[bytes, tuple[int, str]] = {}
    for entry in (*history.by_kind["redemption"], *history.by_kind["rotation"]):
        text = entry.get("successor") or entry.get("refresh_token")
        token = None if text is None else refresh.read(text)
        if token is not None:
            known = last.get(token.family_id, (-1, ""))
            last[token.family_id] = max(known, (token.generation, entry["code"]))
    for family_id, (generation, code) in last.items():
        row = facts.families.get(family_id)
        if row is None:
            yield f"an acknowledged family of refresh tokens has no row: {family_id.hex()}"
        elif row.generation < generation:
            yield f"a rotation was lost: {row.generation} is stored, {generation} was acknowledged"
        elif row.generation > generation and code not in abandoned:
            yield f"nobody has generation {row.generation} of a family; {generation} was the last"


def _grants_end_for_a_reason(history: _History, facts: Facts) -> Iterator[str]:
    revoked = _revoked(facts)
    for grant_id in history.grants(facts, "replayed", "stolen") - revoked:
        yield f"a grant lives on although its end was acknowledged: {grant_id}"
    for grant_id in revoked - history.grants(facts, "replaying", "stealing"):
        reason = facts.grants[grant_id].reason
        yield f"an honest client's grant was revoked ({reason}): {grant_id}"
    for grant_id in revoked:
        if facts.alarms[grant_id] < 1:
            yield f"a grant was revoked without an event: {grant_id}"


def _revoked(facts: Facts) -> set[str]:
    return {grant_id for grant_id, grant in facts.grants.items() if grant.revoked}
