"""Who may exchange whose token, and for what (RFC 8693, 1.1 and 2.1).

An API is reached by a client of its own project without further ado, by delegation: the
new token says on whose behalf somebody acts, and who acts. Everything else is decided by
the project of the API, in its `token_exchange` rules; where these name the client that
asks, they alone count.
"""

from collections.abc import Iterable

import msgspec

from ostiary.model.client import Client
from ostiary.model.organization import Api, ExchangeMode, Project
from ostiary.oauth.errors import InvalidTarget


class Target(msgspec.Struct, frozen=True):
    """An API that a token is wanted for, and the project that decides about it."""

    api: Api
    project: Project | None


def permitted(actor: Client, subject_client: str, target: Target) -> ExchangeMode | None:
    """Return how `actor` may use tokens of `subject_client` for an API, or None."""
    rules = () if target.project is None else target.project.token_exchange
    own = [rule for rule in rules if rule.actor == actor.client_id]
    if not own:
        same = actor.project_id is not None and actor.project_id == target.api.project_id
        return ExchangeMode.DELEGATION if same else None
    modes = [
        rule.mode
        for rule in own
        if rule.subject_client == subject_client
        and not {target.api.id, target.api.audience}.isdisjoint(rule.audiences)
    ]
    if not modes:
        return None
    # Delegation says more: impersonation only where nothing else is allowed.
    return ExchangeMode.DELEGATION if ExchangeMode.DELEGATION in modes else modes[0]


def choose_mode(actor: Client, subject_client: str, targets: Iterable[Target]) -> ExchangeMode:
    """Return how a token for all these APIs is made.

    Raises:
        InvalidTarget: one of them is not for this client to ask for.
    """
    chosen = set()
    for target in targets:
        mode = permitted(actor, subject_client, target)
        if mode is None:
            raise InvalidTarget(
                "This client may not exchange tokens for that API: it is of another project, "
                "or the token_exchange rules of its project do not say so.",
                rule="exchange-policy",
                section="RFC 8693, 2.2.2",
                received=target.api.audience,
            )
        chosen.add(mode)
    impersonates = chosen == {ExchangeMode.IMPERSONATION}
    return ExchangeMode.IMPERSONATION if impersonates else ExchangeMode.DELEGATION
