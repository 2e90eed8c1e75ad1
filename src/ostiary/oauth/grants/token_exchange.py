"""Token exchange (RFC 8693): an API calls the next one on behalf of the person before it.

Rule: nothing gets wider. The new token has scopes of the one that was shown, for APIs that
these scopes reach, ends when that one would, and rests on the same grant: whatever ends
the grant ends the whole chain.
"""

from typing import Any

import msgspec

from ostiary.model.client import Client
from ostiary.model.organization import Api, ExchangeMode
from ostiary.oauth.errors import (
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    InvalidToken,
    UnauthorizedClient,
)
from ostiary.oauth.grants.authorization_code import live
from ostiary.oauth.grants.exchange_rules import Target, choose_mode, permitted
from ostiary.oauth.grants.narrowing import narrow_scopes
from ostiary.oauth.issuance import Issuance, TokenRequest
from ostiary.oauth.reader import Reader
from ostiary.oauth.scope import IDENTITY_SCOPES
from ostiary.oauth.token.audience import audiences_of, is_meant_for
from ostiary.oauth.token.bearer import Presented, examine

grant_type = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
# Access tokens of this server, under both names.
TOKEN_TYPES = (ACCESS_TOKEN, JWT)
# Who acts for whom acts for whom: a chain longer than this is a loop.
MAX_ACTORS = 4


class Facts(msgspec.Struct, frozen=True):
    """The tokens that were shown, and what the request wants to reach."""

    subject: Presented
    actor: Presented | None
    # Names of the request, each with the APIs that it stands for.
    named: tuple[tuple[str, tuple[Target, ...]], ...]
    reachable: tuple[Target, ...]


async def load(request: TokenRequest, reader: Reader) -> Facts:
    """Check the tokens, and find the APIs.

    Raises:
        InvalidRequest: a token is not good, or not of the type that is named.
    """
    _check_types(request)
    subject = await _examine(request, reader, "subject_token")
    actor = None
    if request.form.get("actor_token") is not None:
        actor = await _examine(request, reader, "actor_token")
    # The management API belongs to no project: nobody manages in the name of somebody else.
    reachable = [
        Target(api, await reader.project(api.project_id)) for api in request.apis if api.project_id
    ]
    named = [(name, _find(reachable, name)) for name in request.form.all("resource")]
    for name in request.form.all("audience"):
        found = _find(reachable, name)
        if not found:
            found = await _find_client(request, reader, reachable, name)
        named.append((name, found))
    return Facts(subject, actor, tuple(named), tuple(reachable))


def decide(request: TokenRequest, facts: Facts) -> Issuance:
    """Give a narrower token.

    Raises:
        UnauthorizedClient: a public client.
        InvalidRequest: the token is not for this client to exchange.
        InvalidScope: more is asked for than the token has.
        InvalidTarget: an API that the scopes or the rules do not reach.
    """
    client, subject = request.client, facts.subject
    if client.public:
        raise UnauthorizedClient(
            "A public client cannot exchange tokens: it proves nothing about itself.",
            rule="grant-confidential",
            section="RFC 8693, 2.1",
        )
    if not is_meant_for(client, request.apis, subject):
        raise _refuse_token("subject_token", "it was issued to another client, for others")
    if subject.personal is not None or (facts.actor is not None and facts.actor.personal):
        raise _refuse_token("subject_token", "personal access tokens are not exchanged")
    if subject.client.organization_id != client.organization_id:
        raise _refuse_token("subject_token", "it is of another organization")
    if facts.actor is not None and facts.actor.client.client_id != client.client_id:
        raise _refuse_token("actor_token", "it must be a token of the client that asks")
    available = tuple(
        scope
        for scope in subject.scopes
        if scope in client.allowed_scopes and scope not in IDENTITY_SCOPES
    )
    scopes = narrow_scopes(request, available)
    targets = _choose_targets(client, facts, scopes)
    mode = choose_mode(client, subject.client.client_id, targets)
    reached = {scope for target in targets for scope in target.api.scopes}
    standing = subject.standing
    return Issuance(
        subject=subject.subject if standing is None else standing.grant.user_id,
        scopes=tuple(scope for scope in scopes if scope in reached),
        audience=tuple(dict.fromkeys(target.api.audience for target in targets)),
        standing=standing,
        act=_act(request, facts, mode),
        # A JWT tells its time with the clock skew of its application.
        expires_at=subject.expires_at
        - (subject.client.clock_skew if subject.digest is None else 0),
        issued_token_type=ACCESS_TOKEN,
        effects=() if standing is None else live(standing.grant),
    )


def _check_types(request: TokenRequest) -> None:
    form = request.form
    _check_type("subject_token_type", form.require("subject_token_type"))
    form.require("subject_token")
    actor, actor_type = form.get("actor_token"), form.get("actor_token_type")
    if (actor is None) != (actor_type is None):
        raise InvalidRequest(
            "actor_token and actor_token_type go together.",
            rule="exchange-actor-type",
            section="RFC 8693, 2.1",
        )
    if actor_type is not None:
        _check_type("actor_token_type", actor_type)
    wanted = form.get("requested_token_type")
    if wanted is not None:
        _check_type("requested_token_type", wanted)


def _check_type(parameter: str, kind: str) -> None:
    if kind not in TOKEN_TYPES:
        raise InvalidRequest(
            f"{parameter} must be {ACCESS_TOKEN}: only access tokens of this server are exchanged.",
            rule="exchange-token-type",
            section="RFC 8693, 3",
            received=kind,
            expected=" or ".join(TOKEN_TYPES),
        )


async def _examine(request: TokenRequest, reader: Reader, parameter: str) -> Presented:
    token = request.form.require(parameter)
    try:
        return await examine(token, reader, request.ring, request.issuer, request.now)
    except InvalidToken as refusal:
        raise _refuse_token(
            parameter, "it is malformed, expired or revoked", refusal.detail
        ) from None


def _refuse_token(parameter: str, why: str, detail: str | None = None) -> InvalidRequest:
    return InvalidRequest(
        f"The {parameter} is refused: {why}.",
        rule="exchange-token",
        section="RFC 8693, 2.2.2",
        detail=detail,
    )


def _find(reachable: list[Target], name: str) -> tuple[Target, ...]:
    return tuple(one for one in reachable if name in {one.api.id, one.api.audience})


async def _find_client(
    request: TokenRequest, reader: Reader, reachable: list[Target], name: str
) -> tuple[Target, ...]:
    """Return the APIs that an application serves (RFC 8693, 2.1: `audience` may be a client)."""
    client = await reader.client(name)
    if client is None or client.organization_id != request.client.organization_id:
        return ()
    served = audiences_of(client, request.apis)
    return tuple(one for one in reachable if one.api.audience in served)


def _choose_targets(client: Client, facts: Facts, scopes: tuple[str, ...]) -> tuple[Target, ...]:
    wanted = set(scopes)
    reached = [one for one in facts.reachable if wanted.intersection(one.api.scopes)]
    if not facts.named:
        if not reached:
            raise InvalidScope(
                "The subject_token has no scope of an API that this client may use.",
                rule="exchange-scope",
                section="RFC 8693, 2.1",
            )
        own = facts.subject.client.client_id
        allowed = tuple(one for one in reached if permitted(client, own, one) is not None)
        # Where nothing is allowed, the rules say why.
        return allowed or tuple(reached)
    chosen: list[Target] = []
    for name, found in facts.named:
        targets = [one for one in found if one in reached]
        if not targets:
            raise InvalidTarget(
                "This API cannot be reached with the scopes of the subject_token, or does not "
                "exist.",
                rule="exchange-target",
                section="RFC 8693, 2.2.2",
                received=name,
                expected=" ".join(_audience(one.api) for one in reached),
            )
        chosen += targets
    return tuple(dict.fromkeys(chosen))


def _audience(api: Api) -> str:
    return api.audience


def _act(request: TokenRequest, facts: Facts, mode: ExchangeMode) -> dict[str, Any] | None:
    """Return the `act` claim: who acts now, and before (RFC 8693, 4.1)."""
    if mode is ExchangeMode.IMPERSONATION and facts.actor is None:
        return facts.subject.act
    sub = request.client.client_id if facts.actor is None else facts.actor.subject
    act: dict[str, Any] = {"sub": sub}
    if facts.subject.act is not None:
        act["act"] = facts.subject.act
    depth, one = 1, act
    while "act" in one:
        depth, one = depth + 1, one["act"]
    if depth > MAX_ACTORS:
        raise InvalidRequest(
            f"The chain of actors is longer than {MAX_ACTORS}: services call each other in a loop.",
            rule="exchange-depth",
            section="RFC 8693, 4.1",
            received=str(depth),
            expected=str(MAX_ACTORS),
        )
    return act
