"""The `claims` request parameter (OpenID Connect Core 5.5)."""

from collections.abc import Iterable
from typing import Any

from ostiary.jose import json
from ostiary.jose.errors import InvalidJson
from ostiary.oauth.errors import InvalidRequest

SECTION = "OpenID Connect Core 5.5"
MAX_BYTES = 16_384
MAX_DEPTH = 32
MAX_CLAIMS = 100
PLACES = ("id_token", "userinfo")


def parse_claims_request(text: str) -> dict[str, dict[str, Any]]:
    """Read the parameter, reduced to what is defined.

    Members that are not understood are dropped, as Core 5.5 and 5.5.1 say: places other
    than `id_token` and `userinfo`, and members of a claim other than `essential`,
    `value` and `values`. A claim without any member left is None: a voluntary wish.

    Raises:
        InvalidRequest: no strict JSON object of at most 16 kB and 32 levels, or a member
            of a wrong type.
    """
    try:
        document = json.parse_object(text, limit=MAX_BYTES, depth=MAX_DEPTH)
    except InvalidJson as error:
        raise _refusal(error.message) from None
    parsed: dict[str, dict[str, Any]] = {}
    for place in PLACES:
        wanted = document.get(place)
        if wanted is None:
            continue
        if not isinstance(wanted, dict):
            raise _refusal(f"the member {place} is not an object")
        if len(wanted) > MAX_CLAIMS:
            raise _refusal(f"the member {place} asks for more than {MAX_CLAIMS} claims")
        if wanted:
            parsed[place] = {name: _parse_wish(name, wish) for name, wish in wanted.items()}
    return parsed


def _parse_wish(name: str, wish: Any) -> dict[str, Any] | None:
    if wish is None:
        return None
    if not isinstance(wish, dict):
        raise _refusal("each claim is null or an object", name)
    if "essential" in wish and not isinstance(wish["essential"], bool):
        raise _refusal("essential is true or false", name)
    if "values" in wish and not isinstance(wish["values"], list):
        raise _refusal("values is an array", name)
    return {key: wish[key] for key in ("essential", "value", "values") if key in wish} or None


def _wish(claims: dict[str, Any] | None, name: str) -> dict[str, Any]:
    return ((claims or {}).get("id_token") or {}).get(name) or {}


def _texts(wish: dict[str, Any], name: str) -> tuple[str, ...] | None:
    values: Iterable[Any]
    if "value" in wish:
        values = (wish["value"],)
    elif "values" in wish:
        values = wish["values"]
    else:
        return None
    texts = tuple(values)
    if not all(isinstance(text, str) for text in texts):
        raise _refusal("the values of this claim are strings", name)
    return texts


def requested_subjects(claims: dict[str, Any] | None) -> tuple[str, ...] | None:
    """Return the users that the ID token may be for, None where anybody will do (Core 5.5.1).

    Raises:
        InvalidRequest: a value is not a string.
    """
    return _texts(_wish(claims, "sub"), "sub")


def requested_acr(claims: dict[str, Any] | None) -> tuple[tuple[str, ...], bool]:
    """Return the `acr` values asked for, and whether one of them must be met (Core 5.5.1.1).

    Raises:
        InvalidRequest: a value is not a string.
    """
    wish = _wish(claims, "acr")
    values = _texts(wish, "acr")
    return values or (), values is not None and bool(wish.get("essential"))


def _refusal(reason: str, claim: str | None = None) -> InvalidRequest:
    return InvalidRequest(
        f"The parameter claims is not as it must be: {reason}.",
        rule="claims-syntax",
        section=SECTION,
        received=claim,
        expected='{"id_token": {"email": {"essential": true}}, "userinfo": {"name": null}}',
    )
