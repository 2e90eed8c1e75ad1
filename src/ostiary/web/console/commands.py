"""The command that does the same as an operation, with what was filled in as its options."""

import json
import shlex
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from ostiary.admin.document import Unreadable, read

_HIDDEN = frozenset({"client_secret", "password", "plain", "hash", "public_jwk", "jwks"})
# The option that takes a time, where the API takes seconds since the epoch.
_TIME = "--since"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command: its words, the parameters and members that it takes by position, its options.

    `rest` is the option that takes every other member, as `name=value`. `by` names a member
    whose value chooses the words.
    """

    words: str = ""
    takes: tuple[str, ...] = ()
    options: dict[str, str] = {}
    rest: str | None = None
    by: tuple[str, dict[str, str]] | None = None


def _one(words: str, *takes: str, rest: str | None = None, **options: str) -> Command:
    return Command(words=words, takes=takes, options=options, rest=rest)


_APPLICATION = {
    "client_name": "--name",
    "redirect_uris": "--redirect-uri",
    "post_logout_redirect_uris": "--post-logout-redirect-uri",
    "grant_types": "--grant-type",
    "type": "--type",
    "token_endpoint_auth_method": "--auth-method",
}
_WEBHOOK = {"name": "--name", "events": "--event", "personal_data": "--personal-data"}
_PERSON = {
    "email.address": "--email",
    "email.verified": "--email-verified",
    "phone.number": "--phone",
    "profile.given_name": "--given-name",
    "profile.family_name": "--family-name",
    "profile.locale": "--locale",
}
_NEGATED = {"--personal-data": "--no-personal-data"}
_ON_OFF = {"active": "enable", "inactive": "disable"}

COMMANDS: dict[str, Command] = {
    "create_organization": _one("org create", id="--id", name="--name", domains="--domain"),
    "update_organization": _one("org update", "organization_id", name="--name", domains="--domain"),
    "delete_organization": _one("org delete", "organization_id"),
    "add_domain": _one("org domain add", "organization_id", "domain"),
    "verify_domain": _one("org domain verify", "organization_id", "domain", vouch="--vouch"),
    "remove_domain": _one("org domain remove", "organization_id", "domain"),
    "add_membership": _one("org add-member", "organization", "user"),
    "remove_membership": _one("org remove-member", "organization_id", "user_id"),
    "create_project": _one(
        "project create", id="--id", name="--name", organization="--organization"
    ),
    "update_project": _one("project update", "project_id", name="--name"),
    "delete_project": _one("project delete", "project_id"),
    "create_project_grant": _one("project grant", "project", "organization", roles="--role"),
    "create_role": _one("role create", "key", name="--name", project="--project"),
    "update_role": _one("role update", "key", name="--name", project_id="--project"),
    "delete_role": _one("role delete", "key", project_id="--project"),
    "create_application": Command(
        words="app create",
        options={**_APPLICATION, "client_id": "--client-id", "project": "--project"},
        rest="--set",
    ),
    "update_application": Command(
        words="app update", takes=("client_id",), options=_APPLICATION, rest="--set"
    ),
    "preview_tokens": _one("token preview", "client_id", user="--user", scopes="--scope"),
    "delete_application": _one("app delete", "client_id"),
    "set_application_state": Command(
        takes=("client_id",),
        by=("state", {state: f"app {word}" for state, word in _ON_OFF.items()}),
    ),
    "record_application": Command(
        takes=("client_id",),
        by=("state", {"on": "trace record", "off": "trace record --stop"}),
    ),
    "create_application_secret": _one("app rotate-secret", "client_id", overlap="--overlap"),
    "create_registration_token": _one("app registration-token create", uses="--uses"),
    "delete_registration_token": _one("app registration-token delete", "registration_token_id"),
    "create_api": _one("api create", "audience", id="--id", scopes="--scope", project="--project"),
    "update_api": _one("api update", "api_id", audience="--audience", scopes="--scope"),
    "delete_api": _one("api delete", "api_id"),
    "create_user": Command(
        words="user create",
        takes=("username",),
        options={
            **_PERSON,
            "organization": "--organization",
            "metadata": "--set",
            "verify_email": "--verify-email",
        },
    ),
    "update_user": Command(
        words="user update",
        takes=("user_id",),
        options={**_PERSON, "username": "--username", "metadata": "--set"},
    ),
    "delete_user": _one("user delete", "user_id"),
    "set_user_state": Command(
        takes=("user_id",),
        by=(
            "state",
            {
                "active": "user activate",
                "locked": "user lock",
                "deactivated": "user deactivate",
            },
        ),
    ),
    "set_user_password": _one("user reset-password", "user_id"),
    "remove_user_password": _one("user remove-password", "user_id"),
    "export_user": _one("user export", "user_id"),
    "send_reset_link": _one("user send-reset-link", "user_id"),
    "send_verification_link": _one("user send-verification-link", "user_id"),
    "revoke_user_sessions": _one("session revoke", user_id="--user"),
    "remove_all_factors": _one("user factors remove --all", "user_id"),
    "remove_factor": _one("user factors remove", "user_id", "factor_id"),
    "invite_user": Command(
        words="user invite",
        takes=("email",),
        options={
            "username": "--username",
            "profile.given_name": "--given-name",
            "profile.family_name": "--family-name",
            "profile.locale": "--locale",
            "client_id": "--app",
            "organization": "--organization",
        },
    ),
    "resend_invitation": _one("user resend-invitation", "user_id"),
    "revoke_invitation": _one("user revoke-invitation", "user_id"),
    "create_group": _one("group create", "key", name="--name", organization="--organization"),
    "create_service_account": _one(
        "service-account create",
        id="--id",
        name="--name",
        allowed_scopes="--scope",
        organization="--organization",
    ),
    "update_service_account": _one(
        "service-account update", "service_account_id", name="--name", allowed_scopes="--scope"
    ),
    "delete_service_account": _one("service-account delete", "service_account_id"),
    "set_service_account_state": Command(
        takes=("service_account_id",),
        by=("state", {state: f"service-account {word}" for state, word in _ON_OFF.items()}),
    ),
    "create_service_account_secret": _one(
        "service-account rotate-secret", "service_account_id", overlap="--overlap"
    ),
    "add_service_account_key": _one("service-account add-key", "service_account_id", alg="--alg"),
    "remove_service_account_key": _one(
        "service-account remove-key", "service_account_id", "key_id"
    ),
    "create_personal_token": _one(
        "token create",
        user="--user",
        service_account="--service-account",
        name="--name",
        scopes="--scope",
    ),
    "revoke_personal_token": _one("token revoke", "personal_token_id"),
    "assign_roles": _one(
        "role assign",
        "roles",
        user="--user",
        service_account="--service-account",
        group="--group",
        project="--project",
        organization="--organization",
    ),
    "grant_administrator": _one(
        "administrator grant",
        "role",
        user="--user",
        service_account="--service-account",
        organization="--organization",
        project="--project",
    ),
    "revoke_administrator": _one("administrator revoke", "administrator_id"),
    "revoke_session": _one("session revoke", "session_id"),
    "revoke_grant": _one("grant revoke", "grant_id"),
    "update_policies": Command(words="policy update", rest="--set"),
    "rotate_keys": _one("keys rotate", alg="--alg", now="--now"),
    "revoke_key": _one("keys revoke", "kid"),
    "create_webhook": Command(
        words="webhook create",
        takes=("url",),
        options={**_WEBHOOK, "organization": "--organization", "id": "--id"},
    ),
    "update_webhook": Command(
        words="webhook update", takes=("webhook_id",), options={**_WEBHOOK, "url": "--url"}
    ),
    "delete_webhook": _one("webhook delete", "webhook_id"),
    "rotate_webhook_secret": _one("webhook rotate-secret", "webhook_id", overlap="--overlap"),
    "replay_webhook": _one("webhook replay", "webhook_id", since="--since", after="--after"),
    "retry_webhook": _one("webhook retry", "webhook_id"),
    "retry_logout_delivery": _one("delivery retry", "delivery_id"),
}
"""Commands by the operation that they do. What a command has no option for is not written."""


def write_command(name: str, path: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    """Write an operation as a command; None where no command does it as it was filled in."""
    command = COMMANDS.get(name)
    if command is None:
        return None
    left = _flatten(body if name != "update_policies" else body.get("policies", {}))
    left |= path
    words = command.words
    if command.by is not None:
        member, choices = command.by
        words = choices.get(str(left.pop(member, "")), "")
    taken, options = _taken(command, left), _options(name, command, left)
    if not words or options is None:
        return None
    # What begins like an option, such as a name that somebody chose, must not become one.
    dashed = any(one.startswith("-") for one in taken)
    parts = ["ostiary", *words.split(), *([] if dashed else taken), *options]
    for member, value in left.items():
        if _is_hidden(member):
            continue  # asked for by the command, or read from a file
        if command.rest is None:
            return None
        parts += [command.rest, f"{member}={_yaml(value)}"]
    if dashed:
        parts += ["--", *taken]
    return shlex.join(parts)


def _taken(command: Command, left: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for member in command.takes:
        value = left.pop(member, "")
        found += [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return found


def _options(name: str, command: Command, left: dict[str, Any]) -> list[str] | None:
    """Write what has an option of its own; None where one cannot say that a value is taken away.

    What is not given is left out of a new thing, and stays in one that is changed.
    """
    found: list[str] = []
    for member, option in command.options.items():
        if member not in left:
            continue
        gone = name.startswith("update_") and left[member] in (None, False, [], {})
        if not gone:
            value = left.pop(member)
            found += _option(option, _write_time(value) if option == _TIME else value)
        elif option in _NEGATED:
            del left[member]
            found.append(_NEGATED[option])
        elif command.rest is None:
            return None
    return found


def _write_time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _option(option: str, value: Any) -> list[str]:
    match value:
        case True:
            return [option]
        case False | None:
            return []
        case list() if option == "--scope" and all(isinstance(one, str) for one in value):
            return [part for one in value for part in (option, one)]
        case list():
            return [part for one in value for part in (option, _text(one))]
        case dict():
            return [part for key, one in value.items() for part in (option, f"{key}={_text(one)}")]
    return [option, str(value)]


def _flatten(body: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the members of a body by their paths, but for those that commands take whole."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict) and name not in {"metadata", "legacy", "branding", "localized"}:
            found |= _flatten(value, f"{above}{name}.")
        else:
            found[above + name] = value
    return found


def _is_hidden(member: str) -> bool:
    return not _HIDDEN.isdisjoint(member.split("."))


def _yaml(value: Any) -> str:
    """Write a value of `rest`, which is read as YAML: a text as it is, where that means it."""
    if isinstance(value, str):
        with suppress(Unreadable):
            if read(".yaml", value.encode()).tree == value:
                return value
    return json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
