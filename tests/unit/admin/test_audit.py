"""Whatever is changed or issued is told of in the same transaction, by a type of the catalogue."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ostiary
from ostiary.model.event import ISSUANCE
from ostiary.model.event_types import EVENT_TYPES, UnknownType, expand

SOURCE = Path(ostiary.__file__).parent
EMITTING = ("admin", "identity", "jobs", "login", "oauth", "web")
DOTTED = re.compile(r"[a-z][a-z_]+(\.[a-z][a-z_]+){1,2}")
# What looks like a type and is none: files, loggers, paths in requests, members of ASGI,
# fields of the playground's forms.
OTHERS = re.compile(
    r".*\.(html|json|py|txt|toml|css|js|jwt|svg|test|example|read|write)"
    r"|(http|lifespan|ostiary|scope|legacy|profile|webauthn|unit|metrics|www|urn|phone)\..*"
    r"|answer\.(body|headers|status|took)|basic\.(id|secret)|extra\.(name|value)"
    r"|branding\.logo|email\.address|password\.(hash|plain)|importlib\..*|json\..*"
)

# Beginnings of texts that are put together and are no types.
NO_FAMILIES = {"answers.", "claim.", "headings.", "localized.", "scope.", "v."}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for package in EMITTING:
        for path in sorted((SOURCE / package).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def types_written() -> Iterator[tuple[str, str]]:
    """Return every text in the code that looks like the type of an event, with its place."""
    for path, tree in trees():
        place = str(path.relative_to(SOURCE))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if DOTTED.fullmatch(text) and not OTHERS.fullmatch(text):
                    yield place, text


def test_every_type_is_in_the_catalogue():
    unknown = {(place, text) for place, text in types_written() if text not in EVENT_TYPES}
    assert not unknown


def test_families_of_types_that_are_put_together_are_in_the_catalogue():
    """`account.{verb}` and its like."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.JoinedStr) or len(node.values) != 2:
                continue
            first, _ = node.values
            if isinstance(first, ast.Constant) and re.fullmatch(r"[a-z_]+\.", first.value):
                if first.value in NO_FAMILIES:
                    continue
                family = [name for name in EVENT_TYPES if name.startswith(first.value)]
                assert family, f"{path}: {first.value}"


def test_the_catalogue_knows_everyday_issuance():
    assert set(EVENT_TYPES) >= ISSUANCE


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (("session.*",), ("session.created", "session.revoked")),
        (("session",), ("session.created", "session.revoked")),
        (("session.created", "session.*"), ("session.created", "session.revoked")),
        (("password.reset.*",), ("password.reset.requested", "password.reset.completed")),
        ((), ()),
        (("*",), tuple(EVENT_TYPES)),
    ],
)
def test_patterns_name_types(patterns, found):
    assert expand(patterns) == found


@pytest.mark.parametrize("pattern", ["", "sess", "sess*", "nothing.*", "*.created", "auth.**"])
def test_a_pattern_that_names_nothing_is_refused(pattern):
    with pytest.raises(UnknownType):
        expand((pattern,))


Function = ast.FunctionDef | ast.AsyncFunctionDef
# What writes for others, who tell.
# What ends with a person is told with the change of the person.
CARRIERS = {"apply.py", "change.py", "endings.py", "rehearsal.py", "store.py"}
# Writes steps that collect their own events, each with its change.
STEPS = {("keys.py", "_commit")}


def functions_of_admin() -> dict[str, dict[str, Function]]:
    """Return the functions of each module by name."""
    found = {}
    for path in sorted((SOURCE / "admin").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = (node for node in ast.walk(tree) if isinstance(node, Function))
        found[path.name] = {node.name: node for node in nodes}
    return found


FUNCTIONS = functions_of_admin()


def calls(node: ast.AST) -> set[str]:
    """Return the names that are used within a node."""
    return {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute | ast.Name)
    }


def follow(module: str, node: ast.AST) -> Iterator[tuple[str, Function]]:
    """Return the functions of `admin` that are used within a node, with their modules."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            there = f"{one.value.id}.py"
            if one.attr in FUNCTIONS.get(there, {}):
                yield there, FUNCTIONS[there][one.attr]
            elif one.value.id == "self" and one.attr in FUNCTIONS[module]:
                yield module, FUNCTIONS[module][one.attr]
        elif isinstance(one, ast.Name):
            homes = [module] if one.id in FUNCTIONS[module] else list(FUNCTIONS)
            found = [(home, FUNCTIONS[home][one.id]) for home in homes if one.id in FUNCTIONS[home]]
            if len(found) == 1:
                yield found[0]


def tells(module: str, node: Function) -> bool:
    """Tell whether an event is made by a function, or by what it uses."""
    waiting: list[tuple[str, Function]] = [(module, node)]
    seen = set()
    while waiting:
        home, one = waiting.pop()
        if (home, one.name) in seen:
            continue
        seen.add((home, one.name))
        if {"tell", "Emit"} & calls(one):
            return True
        waiting += follow(home, one)
    return False


WRITERS = [
    (module, name)
    for module, functions in FUNCTIONS.items()
    for name, node in functions.items()
    if {"apply", "commit"} & calls(node) and module not in CARRIERS and (module, name) not in STEPS
]


@pytest.mark.parametrize(("module", "name"), WRITERS)
def test_every_operation_that_writes_tells_of_it(module, name):
    assert tells(module, FUNCTIONS[module][name])


def test_every_issuance_is_told_of():
    """All grants share one place that issues, and it ends with the event."""
    tree = ast.parse((SOURCE / "oauth" / "mint.py").read_text(encoding="utf-8"))
    (mint,) = [one for one in tree.body if getattr(one, "name", "") == "mint"]
    assert "tell_issuance" in calls(mint)
    makers = {"make_access_token", "_refresh_token"}
    for path in sorted((SOURCE / "oauth").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, Function) and node.name not in makers and calls(node) & makers:
                assert {"Emit", "tell_issuance"} & calls(node), f"{path}: {node.name}"
