"""What all commands have in common: help, JSON, exit codes, and no traces."""

import json

import pytest
import typer

from ostiary import __version__
from ostiary.cli.program import program, run

# What the outward contract promises, as far as it exists.
PROMISED = """
serve init setup apply doctor migrate
app-list app-show app-create app-update app-delete app-env app-rotate-secret
user-list user-show user-create user-update user-delete user-reset-password user-lock user-unlock
service-account-list service-account-show service-account-create service-account-update
service-account-delete service-account-rotate-secret
org-list org-create org-update org-delete project-list project-create project-update project-delete
api-list api-create api-update api-delete role-list role-create role-update role-delete
keys-list keys-rotate keys-revoke events-list
"""


def walk(group, prefix=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk(command, (*prefix, name))
        else:
            yield (*prefix, name), command


COMMANDS = dict(walk(typer.main.get_command(program)))


def test_every_promised_command_exists():
    assert {"-".join(names) for names in COMMANDS} >= set(PROMISED.split())


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_takes_json_and_config(ostiary, names):
    ran = ostiary(*names, "--help")
    assert ran.code == 0
    assert "--json" in ran.out
    assert "--config" in ran.out
    summary = ran.out.split("\n\n")[1].strip()
    assert summary.endswith(".")
    assert len(summary.splitlines()[0]) < 80
    assert "..." not in summary


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_is_for(names):
    for parameter in COMMANDS[names].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("group", [(), ("app",), ("user",), ("keys",)])
def test_short_helps_are_whole_sentences(ostiary, group):
    ran = ostiary(*group, "--help")
    assert "..." not in ran.out.partition("Commands:")[2]


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_a_usage_error(ostiary, names):
    ran = ostiary(*names, "--nonsense", "--json")
    assert ran.code == 2
    assert ran.error["code"] == "usage"
    assert "--nonsense" in ran.error["message"]
    assert set(ran.error) >= {"code", "message", "hint", "docs"}
    plain = ostiary(*names, "--nonsense")
    assert (plain.code, plain.out) == (2, "")
    assert "--nonsense" in plain.err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["app", "nonsense"], ["app", "show"], ["user", "create"], ["apply"]]
)
def test_wrong_usage(ostiary, arguments):
    ran = ostiary(*arguments, "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_a_misspelt_command_comes_with_a_suggestion(ostiary):
    assert "serve" in ostiary("sevre", "--json").error["message"]


def test_the_version(ostiary):
    assert ostiary("--version").out == f"ostiary {__version__}\n"


def test_without_a_command_there_is_help(ostiary):
    ran = ostiary()
    assert "Commands:" in ran.out + ran.err


def test_shell_completion_is_written(capsys):
    with pytest.raises(SystemExit) as ended:
        run(["--show-completion", "bash"])
    assert ended.value.code == 0
    assert "_OSTIARY_COMPLETE" in capsys.readouterr().out


def test_shell_completion_knows_the_commands(capsys, monkeypatch):
    monkeypatch.setenv("_OSTIARY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "ostiary app ro")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit):
        run([])
    assert capsys.readouterr().out.split() == ["rotate-secret"]


# The advisor opens a database only to make what it advises.
NEEDS_DATABASE = sorted(set(COMMANDS) - {("serve",), ("init",), ("advise",)})
ARGUMENTS = {
    "CLIENT_ID": "x", "USER": "x", "ID": "x", "KEY": "x", "KID": "x", "FILE": "x.yaml",
    "USERNAME": "x", "NUMBER": "1", "AUDIENCE": "https://x.test", "ROLE": "org_owner",
    "ADDRESS": "x@x.test", "GROUP": "x", "ORG": "x", "DOMAIN": "x.test",
    "URL": "https://x.test/", "RULE": "x", "MEND_ID": "x",
}  # fmt: skip


def example(names):
    """Return a command with an argument for each that it needs."""
    arguments = list(names)
    for parameter in COMMANDS[names].params:
        if parameter.param_type_name == "argument":
            arguments.append(
                ARGUMENTS[(parameter.metavar or parameter.name).upper().strip("[]{}…")]
            )
        elif parameter.required:
            arguments += [parameter.opts[0], "x"]
    return arguments


@pytest.mark.parametrize("names", NEEDS_DATABASE, ids=" ".join)
def test_without_a_database_every_command_says_what_to_do(ostiary, names):
    ran = ostiary(*example(names), "--json")
    assert (ran.code, ran.error["code"]) == (1, "settings")
    assert "--config" in ran.error["hint"]
    plain = ostiary(*example(names))
    assert (plain.code, plain.out) == (1, "")
    assert plain.err.startswith("Error: No database is configured.")


@pytest.mark.parametrize("names", NEEDS_DATABASE, ids=" ".join)
def test_settings_that_cannot_be_used_are_all_told(ostiary, folder, names):
    path = folder / "other.toml"
    path.write_text('public_ulr = "x"\nworkers = 0\n')
    ran = ostiary(*example(names), "--config", path, "--json")
    assert (ran.code, ran.error["code"]) == (1, "settings")
    assert "did you mean public_url" in ran.error["message"]
    assert len(ran.error["details"]) == 2


UNTOUCHED = {("apply",), ("migrate",), ("doctor",), ("setup",), ("mail", "test")}


@pytest.mark.parametrize("names", sorted(set(NEEDS_DATABASE) - UNTOUCHED), ids=" ".join)
def test_an_empty_database_is_told(ostiary, configured, names):
    ran = ostiary(*example(names), "--json")
    assert (ran.code, ran.error["code"]) == (6, "database")
    assert "ostiary migrate" in ran.error["hint"]


def test_a_bug_keeps_the_form_of_answers(instance, monkeypatch):
    async def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("ostiary.admin.clients.list_all", broken)
    ran = instance("app", "list")
    assert (ran.code, ran.error["code"]) == (1, "internal")
    assert "Traceback" in ran.err


def test_answers_are_one_line_of_json(instance):
    ran = instance("app", "list")
    assert ran.out.endswith("\n")
    assert json.loads(ran.out) == {"ok": True, "data": [], "warnings": [], "next_commands": []}


@pytest.mark.parametrize("flag", ["NO_COLOR", "TERM"])
def test_no_colour_where_it_is_not_wanted(ostiary, configured, monkeypatch, flag):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv(flag, "dumb")
    assert "\x1b" not in ostiary("doctor").out


def test_a_file_whose_name_is_no_unicode_is_told_in_json_as_well(instance):
    ran = instance("app", "create", "--jwks", "\udcff")
    assert ran.error["message"] == "? cannot be read: No such file or directory."
