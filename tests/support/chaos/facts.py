"""What the database holds after the run, read past the server."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_GRANT = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True)
class GrantFact:
    """One grant: why it was revoked, if it was."""

    revoked: bool
    reason: str | None


@dataclass(frozen=True)
class CodeFact:
    """One code: whose it is, and whether it was used."""

    grant_id: str
    consumed: bool


@dataclass(frozen=True)
class TokenFact:
    """One opaque access token."""

    jti: str
    grant_id: str | None


@dataclass(frozen=True)
class FamilyFact:
    """One family of refresh tokens."""

    grant_id: str
    generation: int


@dataclass
class Facts:
    """Everything that the checker needs, by the digest or id that clients can compute."""

    grants: dict[str, GrantFact] = field(default_factory=dict)
    codes: dict[bytes, CodeFact] = field(default_factory=dict)
    tokens: dict[bytes, TokenFact] = field(default_factory=dict)
    families: dict[bytes, FamilyFact] = field(default_factory=dict)
    # Events `token.issued` by jti; those of the code grant by grant; `code.issued` by grant.
    issued: Counter[str] = field(default_factory=Counter)
    redeemed: Counter[str] = field(default_factory=Counter)
    codes_issued: Counter[str] = field(default_factory=Counter)
    # Events of reuse and replay by grant.
    alarms: Counter[str] = field(default_factory=Counter)


async def tell_story(query: "Query", texts: list[str]) -> list[str]:
    """Return the events of the grants that are named in texts, for whoever looks for the fault."""
    grants = sorted({grant_id for text in texts for grant_id in _GRANT.findall(text)})
    events = await query(
        "SELECT grant_id, at, type, reason, target FROM events "
        "WHERE grant_id IS NOT NULL ORDER BY seq"
    )
    return [
        f"{grant_id} at {at}: {kind} ({reason}) {target or ''}"
        for grant_id, at, kind, reason, target in events
        if grant_id in grants
    ]


Query = Callable[[str], Awaitable[list[Sequence[Any]]]]


async def read_facts(query: Query) -> Facts:
    """Read everything; `query` runs a statement that both engines understand."""
    issued = await query("SELECT target, grant_id, reason FROM events WHERE type = 'token.issued'")
    codes_issued = await query("SELECT grant_id FROM events WHERE type = 'code.issued'")
    alarms = await query(
        "SELECT grant_id FROM events WHERE type IN ('token.reuse_detected', 'code.replayed')"
    )
    return Facts(
        grants={
            grant_id: GrantFact(revoked_at is not None, reason)
            for grant_id, revoked_at, reason in await query(
                "SELECT id, revoked_at, revoked_reason FROM grants"
            )
        },
        codes={
            bytes(digest): CodeFact(grant_id, consumed_at is not None)
            for digest, grant_id, consumed_at in await query(
                "SELECT digest, grant_id, consumed_at FROM authorization_codes"
            )
        },
        tokens={
            bytes(digest): TokenFact(jti, grant_id)
            for digest, jti, grant_id in await query(
                "SELECT digest, data ->> 'jti', grant_id FROM access_tokens"
            )
        },
        families={
            bytes(family_id): FamilyFact(grant_id, generation)
            for family_id, grant_id, generation in await query(
                "SELECT id, grant_id, generation FROM refresh_families"
            )
        },
        issued=Counter(jti for jti, _, _ in issued),
        redeemed=Counter(
            grant_id for _, grant_id, reason in issued if reason == "authorization_code"
        ),
        codes_issued=Counter(grant_id for (grant_id,) in codes_issued),
        alarms=Counter(grant_id for (grant_id,) in alarms),
    )
