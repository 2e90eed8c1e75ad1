"""What the console does, commands do as well: each with the words and options that it writes."""

import json
import shlex
from typing import Any

import pytest
import typer.main

from ostiary.cli.program import program
from ostiary.web.console.commands import COMMANDS, write_command
from ostiary.web.console.copies import Wish, copies_of
from ostiary.web.console.forms import members_of
from ostiary.web.console.kind import OPERATIONS, parameters_of
from ostiary.web.console.kinds import KINDS

API = "https://id.test/api/v1"
# Operations that the command line does by words of its own, which nobody fills in here.
WITHOUT = {
    "import_users": "`user import` reads a file.",
    "update_instance": "A file says it: `apply` with `instance:`.",
    "update_project_grant": "`project grant` with other roles.",
    "delete_project_grant": "`project revoke-grant` names project and organization.",
    "update_group": "Commands name a group by its key.",
    "delete_group": "Commands name a group by its key.",
    "add_group_member": "Commands name a group by its key.",
    "remove_group_member": "Commands name a group by its key.",
    "revoke_application_secrets": "`app rotate-secret --overlap 0`.",
    "revoke_service_account_secrets": "`service-account rotate-secret --overlap 0`.",
    "revoke_roles": "`role revoke` names who and where.",
    "revoke_trusted_device": "`user factors remove --all`.",
}


def command_of(words: list[str]) -> Any:
    """Return the command of the program that the words name, and the words that are left."""
    found: Any = typer.main.get_command(program)
    while words and hasattr(found, "commands"):
        found = found.commands[words[0]]
        words = words[1:]
    return found, words


def test_every_operation_of_the_console_has_a_command_or_a_reason() -> None:
    operations = {name for kind in KINDS for name in kind.operations}
    assert operations == set(COMMANDS) | set(WITHOUT)
    assert not set(COMMANDS) & set(WITHOUT)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_words_and_options_are_those_of_the_program(name: str) -> None:
    command = COMMANDS[name]
    choices = [command.words] if command.by is None else list(command.by[1].values())
    for words in choices:
        found, left = command_of(words.split())
        known = {option for one in found.params for option in one.opts}
        assert set(left) <= known
        options = set(command.options.values()) | ({command.rest} if command.rest else set())
        assert options <= known
        positions = [one for one in found.params if one.param_type_name == "argument"]
        assert len(command.takes) <= len(positions) or positions[-1].nargs == -1


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_takes_is_there_to_be_filled_in(name: str) -> None:
    command, route = COMMANDS[name], OPERATIONS[name]
    there = set(parameters_of(route.path))
    if route.body is not None:
        there |= {one.name for one in members_of(route.body)}
    wanted = {*command.takes, *command.options}
    if command.by is not None:
        wanted.add(command.by[0])
    assert wanted <= there


def test_a_command_is_quoted_for_a_shell() -> None:
    body = {"project": "shop", "client_name": "It's $(mine)", "require_pkce": False}
    written = write_command("create_application", {}, body)
    assert written is not None
    assert shlex.split(written) == [
        *("ostiary", "app", "create", "--name", "It's $(mine)"),
        *("--project", "shop", "--set", "require_pkce=false"),
    ]


def test_what_a_command_cannot_say_is_not_said_by_it() -> None:
    assert write_command("create_webhook", {}, {"url": "https://a.test", "unheard": 1}) is None
    assert write_command("set_user_state", {"user_id": "u"}, {"state": "pending"}) is None


@pytest.mark.parametrize(
    ("name", "path", "body", "written"),
    [
        (
            "update_application",
            {"client_id": "web"},
            {"redirect_uris": [], "client_name": None},
            ["app", "update", "web", "--set", "redirect_uris=[]", "--set", "client_name=null"],
        ),
        (
            "update_webhook",
            {"webhook_id": "siem"},
            {"personal_data": False},
            ["webhook", "update", "siem", "--no-personal-data"],
        ),
        (
            "update_application",
            {"client_id": "web"},
            {"tos_uri": "https://a.test/#1", "type": "on", "branding": {"accent": "#123456"}},
            [
                *("app", "update", "web", "--type", "on", "--set", "tos_uri=https://a.test/#1"),
                *("--set", 'branding={"accent": "#123456"}'),
            ],
        ),
        (
            "update_application",
            {"client_id": "web"},
            {"policy_uri": "null", "tos_uri": "#1"},
            ["app", "update", "web", "--set", 'policy_uri="null"', "--set", 'tos_uri="#1"'],
        ),
        ("update_user", {"user_id": "u"}, {"email": {"verified": False}}, None),
        ("update_organization", {"organization_id": "acme"}, {"domains": []}, None),
        ("create_user", {}, {"username": "bob", "verify_email": False}, ["user", "create", "bob"]),
        (
            "create_user",
            {},
            {"username": "--no-password"},
            ["user", "create", "--", "--no-password"],
        ),
    ],
)
def test_a_command_does_what_was_filled_in(name, path, body, written) -> None:
    found = write_command(name, path, body)
    assert (None if found is None else shlex.split(found)) == (
        None if written is None else ["ostiary", *written]
    )


def test_ad_14_no_copy_holds_a_secret() -> None:
    body = {
        "project": "shop",
        "client_id": "web",
        "client_secret": "a secret of more than thirty-two letters",
    }
    wish = Wish(
        route=OPERATIONS["create_application"], subjects=({},), body=body, organization="acme"
    )
    copies = {one.kind: one.text for one in copies_of(wish, API)}
    assert set(copies) == {"command", "api", "file"}
    assert not [text for text in copies.values() if "thirty-two" in text]
    declared = json.loads(copies["file"])["organizations"][0]
    assert declared["projects"][0]["applications"][0]["client_id"] == "web"


def test_no_name_becomes_an_option() -> None:
    written = write_command("create_user", {}, {"username": "--verify-email", "email": {}})
    assert written == "ostiary user create -- --verify-email"
    body = {"username": "-x", "organization": "acme"}
    written = write_command("create_user", {}, body)
    assert written == "ostiary user create --organization acme -- -x"
    found, left = command_of(shlex.split(written)[1:])
    read = found.make_context("create", left).params
    assert (read["username"], read["organization"]) == ("-x", "acme")
    assert write_command("delete_user", {"user_id": "bob"}, {}) == "ostiary user delete bob"
