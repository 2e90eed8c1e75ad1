"""Check what no linter does: pins, lock files, addresses and names, over all tracked files.

Prints one line for each finding and exits with 1 if there is any.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

# Where packages come from is the installing machine's own choice: a mirror or an offline
# folder must work without an edit. Written in parts, so that this file passes its own check.
REGISTRIES = [
    f"{host}.{domain}"
    for domain, hosts in {
        "org": ("pypi", "pythonhosted", "npmjs", "golang", "maven"),
        "com": ("yarnpkg", "sonatype"),
        "io": ("goproxy",),
    }.items()
    for host in hosts
]
REGISTRY_HOST = re.compile(rf"https?://([\w-]+\.)*({'|'.join(map(re.escape, REGISTRIES))})")
# The namespace that every pom.xml must carry is a name, not an address to fetch from.
NAMESPACE = "http://maven." + "apache.org/"

# Words that say nothing about what a thing is.
EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "handler", "base", "misc"}

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+) \\$")


def tracked_files() -> list[Path]:
    """Return the files that git knows or would add, as paths from the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listing.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """Return the text of a file, or None where it is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def registry_addresses(path: Path, text: str) -> Iterator[str]:
    """Find addresses of package registries."""
    for number, line in enumerate(text.splitlines(), 1):
        if REGISTRY_HOST.search(line.replace(NAMESPACE, "")):
            yield f"{path}:{number}: names a package registry"


def unhashed_pins(path: Path, text: str) -> Iterator[str]:
    """Find lines of a constraints file that are not a pin with hashes."""
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("    --hash=sha256:"):
            continue
        if not PIN.match(line) or not following.startswith("    --hash=sha256:"):
            yield f"{path}: not a pinned and hashed requirement: {line}"


def pins(path: Path) -> dict[str, str]:
    """Read name and version of each pin of a constraints file."""
    matches = (PIN.match(line) for line in (ROOT / path).read_text().splitlines())
    return {canonicalize_name(m["name"]): m["version"] for m in matches if m}


def stale_pins() -> Iterator[str]:
    """Find dependencies of pyproject.toml that the constraints miss or contradict."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"] + project["build-system"]["requires"]
    wanted = {
        Path("constraints/runtime.txt"): runtime,
        Path("constraints/development.txt"): runtime + project["dependency-groups"]["dev"],
    }
    for path, requirements in wanted.items():
        pinned = pins(path)
        for requirement in map(Requirement, requirements):
            version = pinned.get(canonicalize_name(requirement.name))
            if version is None or version not in requirement.specifier:
                yield f"{path}: {requirement} is pinned at {version}; run `make constraints`"
    runtime_pins, development_pins = map(pins, wanted)
    for name, version in runtime_pins.items():
        if development_pins.get(name) != version:
            yield f"constraints: {name} differs between runtime and development"


def addresses_in_lock(path: Path, text: str) -> Iterator[str]:
    """Find packages of an npm lock file that name an address or carry no hash."""
    for name, package in json.loads(text)["packages"].items():
        if "resolved" in package:
            yield f"{path}: {name} names the address that it came from"
        if name and "integrity" not in package:
            yield f"{path}: {name} has no integrity hash"


def words_of(name: str) -> set[str]:
    """Split a name in snake or camel case into lower-case words."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def empty_names(path: Path, text: str) -> Iterator[str]:
    """Find modules, classes and functions whose name says nothing."""
    if words_of(path.stem) & EMPTY_WORDS:
        yield f"{path}: the file's name says nothing"
    for node in ast.walk(ast.parse(text, filename=str(path))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for word in words_of(node.name) & EMPTY_WORDS:
                yield f"{path}:{node.lineno}: `{word}` in {node.name} says nothing"


def findings() -> Iterator[str]:
    """Run every check over every file."""
    for path in tracked_files():
        text = text_of(path)
        if text is None:
            continue
        yield from registry_addresses(path, text)
        if path.parent == Path("constraints"):
            yield from unhashed_pins(path, text)
        if path.name == "package-lock.json":
            yield from addresses_in_lock(path, text)
        if path.suffix == ".py" and path.parts[0] == "src":
            yield from empty_names(path, text)
    yield from stale_pins()


def main() -> int:
    """Print the findings; the exit code says whether there were any."""
    found = list(findings())
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
