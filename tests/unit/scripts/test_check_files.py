"""The checks of scripts/check_files.py find what they are for."""

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CHECKS = runpy.run_path(str(ROOT / "scripts/check_files.py"))
SOMEWHERE = Path("somewhere")


def found(check: str, text: str, path: Path = SOMEWHERE) -> list[str]:
    return list(CHECKS[check](path, text))


@pytest.mark.parametrize("host", ["pypi.{}", "files.pythonhosted.{}", "registry.npmjs.{}"])
def test_a_registry_address_is_found(host):
    assert found("registry_addresses", f"see https://{host.format('org')}/simple")


def test_a_namespace_and_other_addresses_are_not_registries():
    text = 'xmlns="http://maven.apache.org/POM/4.0.0" https://openid.net https://mypypi.example'
    assert found("registry_addresses", text) == []


HASH = "    --hash=sha256:00"


@pytest.mark.parametrize(
    "text",
    [
        "a==1\n",
        "a==1 \\\n",
        f"a>=1 \\\n{HASH}\n",
        f"--index-url somewhere\na==1 \\\n{HASH}\n",
        f"-f folder\na==1 \\\n{HASH}\n",
    ],
)
def test_a_requirement_without_pin_or_hash_is_found(text):
    assert found("unhashed_pins", text)


def test_pinned_and_hashed_requirements_pass():
    assert found("unhashed_pins", f"# via x\na==1 \\\n{HASH} \\\n{HASH}\n    # via y\n") == []


def test_an_address_or_a_missing_hash_in_an_npm_lock_file_is_found():
    lock = {
        "packages": {
            "": {"name": "root"},
            "node_modules/good": {"integrity": "sha512-x"},
            "node_modules/far": {"integrity": "sha512-x", "resolved": "somewhere"},
            "node_modules/bare": {},
        }
    }
    findings = found("addresses_in_lock", json.dumps(lock))
    assert len(findings) == 2
    assert "far" in findings[0]
    assert "bare" in findings[1]


@pytest.mark.parametrize(
    "source",
    ["class TokenManager: ...", "def base_url(): ...", "class HTTPHandler: ..."],
)
def test_a_name_that_says_nothing_is_found(source):
    assert found("empty_names", source)


@pytest.mark.parametrize("source", ["def base64url_encode(): ...", "class Database: ..."])
def test_a_name_with_a_meaning_passes(source):
    assert found("empty_names", source) == []
