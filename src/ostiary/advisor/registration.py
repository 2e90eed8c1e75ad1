"""What is registered: the settings of an advice with a name, addresses, keys and reasons.

Written three times, as file, command and API call; what only its owner knows is an example.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ostiary.advisor.advice import Advice
from ostiary.advisor.conditions import Known
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.rule import Door
from ostiary.model.client import AppType
from ostiary.oauth import management

_REDIRECTS = {
    AppType.WEB.value: ("https://app.example.com/callback",),
    AppType.USER_AGENT.value: ("https://app.example.com/",),
    AppType.NATIVE.value: ("http://127.0.0.1/callback", "http://[::1]/callback"),
}
# Underscores and capitals: none of YAML's own words has them.
_PLAIN = re.compile(r"[A-Za-z]+(_[A-Za-z]+)+|API|DEVICE|openid|profile|email|code|implicit")
_NAME = "My application"
_ID = "my-application"
_KEYS = {"keys": ["…"]}
_REASON = {"reason": "…", "until": "YYYY-MM-DD"}


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What only the owner of an application knows."""

    name: str
    redirect_uris: tuple[str, ...] = ()
    jwks: Mapping[str, Any] | None = None
    # Why something old is used, and until which day.
    legacy: Mapping[str, str] | None = None


def complete(advice: Advice, inputs: Inputs) -> dict[str, Any]:
    """Return client metadata, or what a service account is made with.

    Whoever brings keys where a secret would do proves itself by them.
    """
    settings = dict(advice.settings)
    if advice.now.door is Door.SERVICE_ACCOUNT:
        named: dict[str, Any] = {"name": inputs.name}
    else:
        named = {"client_name": inputs.name}
    if advice.now.redirects:
        settings["redirect_uris"] = list(inputs.redirect_uris)
    if inputs.jwks is not None and "private_key_jwt" in advice.now.methods:
        settings["token_endpoint_auth_method"] = "private_key_jwt"
        settings["jwks"] = dict(inputs.jwks)
    if advice.now.legacy and inputs.legacy is not None:
        settings["legacy"] = dict(inputs.legacy)
    return named | settings


def example(advice: Advice, framework: str | None = None) -> dict[str, Any]:
    """Return what would be registered, with examples of what only the owner knows."""
    chosen = FRAMEWORKS[framework].redirect_uris if framework else ()
    kind = advice.settings.get("type", "")
    inputs = Inputs(
        name=_NAME,
        redirect_uris=chosen or _REDIRECTS.get(kind, ()),
        jwks=_KEYS if advice.needs_keys else None,
        legacy=_REASON if advice.now.legacy else None,
    )
    return complete(advice, inputs)


def write_file(advice: Advice, values: Mapping[str, Any]) -> str:
    """Write declarative configuration with one application or service account."""
    head = ["organizations:", "  - id: default"]
    if advice.now.door is Door.SERVICE_ACCOUNT:
        head += ["    service_accounts:"]
        return "\n".join([*head, *_write_item(6, {"id": _ID, **values})])
    head += ["    projects:", "      - id: default", "        applications:"]
    return "\n".join([*head, *_write_item(10, {"client_id": _ID, **values})])


def _write_item(indent: int, values: Mapping[str, Any]) -> Sequence[str]:
    lines = [f"{name}: {_write(value)}" for name, value in values.items()]
    return [" " * indent + ("- " if not place else "  ") + one for place, one in enumerate(lines)]


def _write(value: Any) -> str:
    """Write a value as YAML takes it: words that mean themselves without quotes."""
    match value:
        case str() if _PLAIN.fullmatch(value):
            return value
        case list():
            return f"[{', '.join(map(_write, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {_write(one)}" for name, one in value.items()) + "}"
    return msgspec.json.encode(value).decode()


def write_command(advice: Advice, given: Known, values: Mapping[str, Any]) -> str:
    """Write the command that makes it."""
    words = ["ostiary advise"]
    words += [f"--answers {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
    words.append(f"--create {shlex.quote(_NAME)}")
    words += [f"--redirect-uri {shlex.quote(uri)}" for uri in values.get("redirect_uris", ())]
    if advice.now.id == "m2m-file":
        words.append("--key-file my-application.json")
    elif "jwks" in values:
        words.append("--jwks public-keys.json")
    if "legacy" in values:
        words += ["--legacy-reason '…'", "--legacy-until YYYY-MM-DD"]
    return " \\\n  ".join(words)


def write_call(advice: Advice, values: Mapping[str, Any], issuer: str) -> str:
    """Write the API call that makes it."""
    if advice.now.door is Door.SERVICE_ACCOUNT:
        path, place = "service-accounts", "organization"
    else:
        path, place = "applications", "project"
    body = msgspec.json.format(msgspec.json.encode({place: "default", **values}), indent=2)
    lines = (
        f"curl -X POST {shlex.quote(f'{issuer}{management.PATH}/{path}')}",
        '-H "Authorization: Bearer $TOKEN"',
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(body.decode())}",
    )
    return " \\\n  ".join(lines)
