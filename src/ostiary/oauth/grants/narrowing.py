"""Scopes and resources of a token request can only narrow what there is to give."""

from collections.abc import Collection, Iterable

from ostiary.oauth.errors import InvalidScope, InvalidTarget
from ostiary.oauth.issuance import TokenRequest
from ostiary.oauth.scope import audience, parse_scope


def narrow_scopes(
    request: TokenRequest,
    available: Iterable[str],
    *,
    known: Collection[str] | None = None,
    default: str | None = None,
) -> tuple[str, ...]:
    """Return the requested scopes, or all that are available where none are requested.

    With `known`, scopes beyond it are ignored as long as others are left. `default` stands
    for the parameter where the request has none.

    Raises:
        InvalidScope: a requested scope is not available (RFC 6749, 6 and 4.4.2).
    """
    available = tuple(available)
    requested = parse_scope(request.form.get("scope") or default)
    if known is not None:
        requested = tuple(scope for scope in requested if scope in known) or requested
    excess = set(requested).difference(available)
    if excess:
        raise InvalidScope(
            "These scopes cannot be given here: " + " ".join(sorted(excess)),
            rule="scope-wider",
            section="RFC 6749, 3.3",
            received=" ".join(requested),
            expected=" ".join(available),
        )
    return requested or available


def narrow_audience(
    request: TokenRequest, scopes: tuple[str, ...], granted: tuple[str, ...]
) -> tuple[str, ...]:
    """Work out the audience under the `resource` parameters (RFC 8707, 2.2).

    `granted` are the resources of the authorization request. Without any, the resources
    that the scopes reach may be asked for.

    Raises:
        InvalidTarget: a resource was not granted, or no scope of the token reaches it.
    """
    requested = request.form.all("resource")
    if not requested:
        return audience(request.issuer, scopes, granted, request.apis)
    reachable = granted or tuple(
        api.audience for api in request.apis if set(api.scopes).intersection(scopes)
    )
    for resource in requested:
        if resource not in reachable:
            raise InvalidTarget(
                "This resource cannot be reached with the scopes granted; name the audience of "
                "an API that one of them belongs to.",
                rule="resource-unreachable",
                section="RFC 8707, 2.2",
                received=resource,
                expected=" ".join(reachable),
            )
    return audience(request.issuer, scopes, tuple(dict.fromkeys(requested)), request.apis)
