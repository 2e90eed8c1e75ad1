"""Write the pages of the documentation that are told by the code itself.

`--check` writes nothing, and exits with 1 if a page is not what the code says.
"""

import ast
import importlib
import pkgutil
import re
import runpy
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from typer.main import get_command

import ostiary
from ostiary.admin.actor import RIGHTS, Area
from ostiary.cli.answer import ExitCode
from ostiary.cli.program import program
from ostiary.model.administrator import AdministratorRole
from ostiary.model.event import ISSUANCE
from ostiary.model.event_types import EVENT_TYPES, PUBLIC_DETAILS
from ostiary.model.narrowing import JOINS, NARROWED
from ostiary.model.policy import BOUNDS, FACTORS, Policies
from ostiary.oauth import registry
from ostiary.oauth.errors import OAuthError
from ostiary.settings import OPTIONS, Option
from ostiary.web.api.problems import CODES
from ostiary.web.api.resources import TABLE

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
HOW_TO = ROOT / "docs" / "how-to"
SOURCE = ROOT / "src" / "ostiary"

BLANK = "\n\n"
NOTE = "<!-- Written by `make docs` from the code: change it there. -->"


def page(title: str, *parts: str) -> str:
    """Make a page of its title and parts."""
    return BLANK.join([f"# {title}", NOTE, *parts]) + "\n"


def table(*rows: tuple[str, ...]) -> str:
    """Make a table; the first row is its head."""
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(text: object) -> str:
    """Set text as code."""
    return f"`{text}`"


# --- settings --------------------------------------------------------------------------------


def written(value: Any) -> str:
    """Write a value as the settings file does."""
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, tuple):
        return code("[" + ", ".join(f'"{item}"' for item in value) + "]")
    return code(f'"{value}"') if isinstance(value, str) else code(value)


def accepted(option: Option) -> str:
    """Say what a setting takes: its choices, its type, its bounds."""
    if option.choices:
        return ", ".join(code(choice) for choice in option.choices)
    if option.kind is int:
        return f"{option.at_least} to {option.at_most}"
    return option.type_label


def default_of(option: Option) -> str:
    """Say what holds where a setting is not set."""
    return "" if option.secret or option.default == "" else written(option.default)


def settings_page() -> str:
    """Tell every process setting."""
    sections: dict[str, list[Option]] = {}
    for option in OPTIONS:
        sections.setdefault(option.section, []).append(option)
    parts = []
    introduction = (
        "Process settings come from defaults, then a TOML file (`--config FILE`, or the file that "
        "`OSTIARY_CONFIG` names, or `./ostiary.toml`), then environment variables, then the "
        "command line; the later wins. A key that does not exist is an error. Lists are separated "
        "by commas in a variable. Everything else that can be configured is in the database: see "
        "`ostiary apply`."
    )
    for section, options in sections.items():
        if section:
            parts.append(f"## `[{section}]`")
        rows = [
            (code(o.key), accepted(o), default_of(o), o.meaning, code(o.variable)) for o in options
        ]
        parts.append(table(("key", "takes", "default", "meaning", "variable"), *rows))
    return page("Settings", introduction, *parts)


# --- errors ----------------------------------------------------------------------------------


class Rule(NamedTuple):
    """One place in the code that refuses a request."""

    name: str
    error: str
    section: str
    description: str


def error_classes() -> dict[str, type[OAuthError]]:
    """Return every class of errors of the package by its name."""
    for module in pkgutil.walk_packages(ostiary.__path__, "ostiary."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting, found = [OAuthError], {}
    while waiting:
        for child in waiting.pop().__subclasses__():
            found[child.__name__] = child
            waiting.append(child)
    return dict(sorted(found.items(), key=lambda pair: (pair[1].error, pair[1].status, pair[0])))


def text_of(node: ast.expr | None, constants: dict[str, str]) -> str:
    """Read the text that an expression makes, with an ellipsis for what is not fixed."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(text_of(value, constants) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text_of(left, constants) + text_of(right, constants)
        case ast.Name(id=name):
            return constants.get(name, "…")
        case _:
            return "…"


def rules_of(path: Path, classes: dict[str, type[OAuthError]]) -> Iterator[Rule]:
    """Find the refusals that a module raises under a rule."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        name = text_of(keywords.get("rule"), constants)
        if node.func.id in classes and name != "…" and node.args:
            section = keywords.get("section")
            yield Rule(
                name,
                classes[node.func.id].error,
                text_of(section, constants) if section else "",
                text_of(node.args[0], constants),
            )


def errors_page() -> str:
    """Tell every error code and the rules behind it."""
    classes = error_classes()
    rules: dict[str, set[Rule]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for rule in rules_of(path, classes):
            rules.setdefault(rule.error, set()).add(rule)
    parts = []
    introduction = (
        "The protocol endpoints answer with the registered error codes of OAuth 2.0, OpenID "
        "Connect and their extensions. `error_description` says what to change; `error_uri` leads "
        "to [the explanation](../how-to/find-out-why-a-request-failed.md), which names the rule: "
        "which check it was."
    )
    for error in dict.fromkeys(error_class.error for error_class in classes.values()):
        kinds = [kind for kind in classes.values() if kind.error == error]
        parts.append(f"## `{error}`")
        parts += [
            f"{str(kind.__doc__).partition(BLANK)[0]} Status {kind.status}." for kind in kinds
        ]
        found = sorted(rules.get(error, ()))
        if found:
            rows = [(code(r.name), r.description, r.section) for r in found]
            parts.append(table(("rule", "description", "written in"), *rows))
    return page("Error codes", introduction, *parts)


# --- policies --------------------------------------------------------------------------------

DAY = 86400
# Policies whose numbers count something other than seconds.
UNITLESS = {
    "min_length",
    "max_length",
    "free_attempts",
    "soft_lock_after",
    "hard_ceiling",
    "failures_per_address_per_minute",
    "unused_days",
    "trusted_device_days",
    "grace_logins",
}
# What the lists of policies are chosen from.
LISTS = {
    ("login", "allowed_factors"): FACTORS,
    ("client_registration", "allowed_grant_types"): registry.GRANT_TYPES,
    ("client_registration", "allowed_response_types"): registry.RESPONSE_TYPES,
    ("user_registration", "allowed_domains"): ("domain names",),
}


def in_words(seconds: int) -> str:
    """Write a number of seconds in the largest unit that divides it."""
    for unit, length in (("d", DAY), ("h", 3600), ("min", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds} ({seconds // length} {unit})"
    return str(seconds)


def policy_row(policy: str, field: Any) -> tuple[str, str, str]:
    """Tell one key of a policy."""
    default = field.default
    match default:
        case tuple():
            items = LISTS.get((policy, field.name))
            takes = "a list of scopes" if items is None else f"a list of {', '.join(items)}"
            return code(field.name), ", ".join(default), takes
        case None:
            return code(field.name), "", "`reason`, and `until` as a date"
        case StrEnum():
            return code(field.name), str(default), ", ".join(type(default))
        case str():
            return code(field.name), default, "text"
    bounds = BOUNDS.get((policy, field.name))
    timed = bounds is not None and field.name not in UNITLESS
    shown = in_words(default) if timed else written(default).strip("`")
    limits = "" if bounds is None else " to ".join(map(in_words if timed else str, bounds))
    return code(field.name), shown, limits or "true, false"


def organizations_part() -> list[str]:
    """Tell what an organization may decide."""
    kinds = {one.name: one.type for one in msgspec.structs.fields(Policies)}
    rows = []
    for policy in (name for name in kinds if name in NARROWED):
        fields = [one.name for one in msgspec.structs.fields(kinds[policy])]
        keys = ", ".join(code(key) for key in fields if (policy, key) in JOINS)
        rows.append((code(policy), keys))
    introduction = (
        "An organization sets its own under `organizations[].policies`, or by `ostiary policy "
        "update --organization`. It can be stricter than the instance, never laxer; where neither "
        "value is stricter, its own counts. An instance that becomes stricter later is obeyed at "
        "once; a change that would leave the people of an organization without a way to sign in is "
        "refused, and says which organization it is. They hold for the people whose own "
        "organization it is, at every application. Everything else is for the instance to decide."
    )
    return ["## Policies of organizations", introduction, table(("policy", "keys"), *rows)]


def policies_page() -> str:
    """Tell every policy, its default and its bounds."""
    parts = []
    introduction = (
        "Policies are set under `instance.policies` in declarative configuration. Durations are in "
        "seconds. A value outside its bounds is an error."
    )
    switches = []
    for policy in msgspec.structs.fields(Policies):
        group = policy.type
        if group is bool:
            switches.append((code(policy.name), written(policy.default).strip("`"), "true, false"))
            continue
        rows = [policy_row(policy.name, field) for field in msgspec.structs.fields(group)]
        parts += [
            f"## `{policy.name}`",
            str(group.__doc__),
            table(("key", "default", "takes"), *rows),
        ]
    parts += ["## Switches", table(("key", "default", "takes"), *switches)]
    parts += organizations_part()
    return page("Policies", introduction, *parts)


# --- events ----------------------------------------------------------------------------------

EVENT_FIELDS = (
    ("field", "meaning"),
    ("`position`", "where the event stands in the trail; rises, and is never used again"),
    ("`type`", "what happened, as below"),
    ("`at`", "when, in UTC"),
    ("`result`", "`success` or `failure`"),
    ("`reason`", "a stable word for why, where there is something to tell"),
    ("`actor_type`, `actor_id`", "who did it: `user`, `client`, `operator`, `system`, `browser`"),
    ("`user_id`, `client_id`, `organization_id`, `session_id`, `grant_id`", "what it is about"),
    ("`target`", "what it is about, where that is none of these: a key, a project, a webhook"),
    ("`ip`, `user_agent`, `trace_id`", "where the request came from, and its id on error pages"),
    ("`details`", "further facts, never a secret"),
)


def events_page() -> str:
    """Tell every type of event."""
    introduction = (
        "Every change and every issuance is an event in the audit trail, committed with what it "
        "tells of. `ostiary events list` shows them; webhooks are told of them. An event never "
        "holds a secret, and names what changed by the names of fields, not by their values."
    )
    details = ", ".join(code(name) for name in sorted(PUBLIC_DETAILS))
    minimised = (
        "Webhooks get no `ip`, no `user_agent`, no ids of operators, and of `details` only "
        f"{details}, unless they were made with `personal_data`."
    )
    kept = (
        "Events of everyday issuance are kept for `retention.issuance_events`, all others for "
        "`retention.events` (see [Policies](policies.md))."
    )
    rows = [
        (code(name), meaning, "issuance" if name in ISSUANCE else "")
        for name, meaning in EVENT_TYPES.items()
    ]
    types = table(("type", "meaning", "kept as"), *rows)
    fields = table(*EVENT_FIELDS)
    return page("Events", introduction, "## Fields", fields, minimised, "## Types", kept, types)


# --- commands --------------------------------------------------------------------------------


# Options that every command has, told once.
EVERYWHERE = {"config", "as_json"}


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Return every command that does something, with the words that lead to it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, child in inner.items():
        yield from leaves(child, (*path, name))


def command_part(path: tuple[str, ...], command: Any) -> str:
    """Tell one command: its usage, what it does, its arguments and options."""
    name = " ".join(path)
    context = command.make_context(name, [], resilient_parsing=True, terminal_width=200)
    usage = context.get_usage().removeprefix("Usage: ")
    records = [one.get_help_record(context) for one in command.params if one.name not in EVERYWHERE]
    # A placeholder that only names a type says nothing.
    rows = [(re.sub(r" <[^>]*>", "", names), meaning) for names, meaning in filter(None, records)]
    parts = [f"## `{name}`", f"```console\n$ {usage}\n```", " ".join(command.help.split())]
    if rows:
        parts.append(table(("", ""), *((code(names), meaning) for names, meaning in rows)))
    return BLANK.join(parts)


def commands_page() -> str:
    """Tell every command."""
    introduction = (
        "Commands work on the configured database directly, also while the server runs. Every one "
        "takes `--config FILE`. With `--json` it answers with one line: "
        '`{"ok": true, "data", "warnings", "next_commands"}`, or '
        '`{"ok": false, "error": {"code", "message", "hint", "docs"}}`.'
    )
    codes = [(str(int(one)), one.name.lower().replace("_", " ")) for one in ExitCode]
    parts = [
        command_part(path, command) for path, command in leaves(get_command(program), ("ostiary",))
    ]
    return page("Commands", introduction, table(("exit code", "means"), *codes), *parts)


# --- management API --------------------------------------------------------------------------


def api_page() -> str:
    """Tell every operation of the management API, and what each takes."""
    introduction = (
        "Every operation below `/api/v1`, with the right that it takes and where that is held. "
        "`/api/docs` of a server shows them with parameters, bodies and examples, and "
        "`/api/v1/openapi.json` is the document for programs. How to call them: "
        "[Automate with the API](../how-to/automate-with-the-api.md)."
    )
    roles = [
        (code(role), *(RIGHTS[role].get(area, None) for area in Area)) for role in AdministratorRole
    ]
    rights = [
        (name, *("" if level is None else level.name.lower() for level in levels))
        for name, *levels in roles
    ]
    resources: dict[str, list[tuple[str, str, str]]] = {}
    for route in TABLE:
        right = "nothing: it is public"
        if not route.public:
            area, level, place = route.right
            right = f"{code(f'{area}:{level.name.lower()}')} in the {place}"
        call = code(f"{route.method} /api/v1{route.path}")
        resources.setdefault(route.resource, []).append((call, route.summary, right))
    parts = [
        "## Roles and their rights",
        table(("role", *(area.value for area in Area)), *rights),
    ]
    for resource, rows in resources.items():
        parts += [f"## {resource}", table(("call", "does", "takes"), *rows)]
    codes = [(code(name), text) for name, text in CODES.items()]
    parts += ["## Problems", table(("`code`", "means"), *codes)]
    return page("Management API", introduction, *parts)


# --- which flow to use -----------------------------------------------------------------------

GUIDE = runpy.run_path(str(Path(__file__).with_name("flow_guide.py")))["guide"]


# --- the test kit ----------------------------------------------------------------------------

TESTING = runpy.run_path(str(Path(__file__).with_name("testing_reference.py")))["reference"]


# --- the examples ----------------------------------------------------------------------------

EXAMPLES = runpy.run_path(str(Path(__file__).with_name("example_readmes.py")))


# --- all pages -------------------------------------------------------------------------------


def pages() -> dict[Path, str]:
    """Return every generated page by the path where it stands."""
    return {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "commands.md": commands_page(),
        REFERENCE / "errors.md": errors_page(),
        REFERENCE / "policies.md": policies_page(),
        REFERENCE / "events.md": events_page(),
        REFERENCE / "management-api.md": api_page(),
        REFERENCE / "testing.md": TESTING(page, table),
        HOW_TO / "choose-a-flow.md": GUIDE(page, table),
        HOW_TO / "begin-with-a-framework.md": EXAMPLES["guide"](page, table),
        **{
            SOURCE / "examples" / folder / "README.md": text
            for folder, text in EXAMPLES["readmes"]().items()
        },
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what the code says: run `make docs`")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
