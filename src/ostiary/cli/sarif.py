"""Findings in the Static Analysis Results Interchange Format (SARIF 2.1.0, OASIS)."""

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from ostiary import __version__
from ostiary.oauth import management
from ostiary.pages.lint import RULES, ShownFinding, Words

_LEVELS = {"note": "note", "caution": "warning", "danger": "error"}
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


# What of a message stands for a link, or for an argument (3.11.5, 3.11.6).
_LITERAL = str.maketrans({"\\": r"\\", "[": r"\[", "]": r"\]", "{": "{{", "}": "}}"})


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, and the path below the API of what it is about."""

    path: str
    finding: ShownFinding


def write_sarif(words: Words, issuer: str, found: Iterable[Located]) -> dict[str, Any]:
    """Return a log with one run; findings that are accepted are suppressed in it."""
    places = {rule: place for place, rule in enumerate(RULES)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "ostiary lint",
                        "semanticVersion": __version__,
                        "rules": [_rule(words, rule) for rule in RULES],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(issuer, one, places[one.finding.rule]) for one in found],
            }
        ],
    }


def _rule(words: Words, rule: str) -> dict[str, Any]:
    return {
        "id": rule,
        "shortDescription": {"text": words.say(f"rule.{rule}.do")},
        "help": {"text": "; ".join(RULES[rule].references)},
        "defaultConfiguration": {"level": _LEVELS[RULES[rule].severity.value]},
        "properties": {"member": RULES[rule].member},
    }


def _result(issuer: str, one: Located, place: int) -> dict[str, Any]:
    finding = one.finding
    key = f"{one.path}\n{finding.rule}\n{finding.target}"
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "level": _LEVELS[finding.severity],
        "message": {"text": _escape(f"{finding.title}. {finding.why} {finding.todo}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"{issuer}{management.PATH}{quote(one.path)}"}
                },
                "logicalLocations": [
                    {"fullyQualifiedName": f"{one.path[1:]}/{finding.member}", "kind": "member"}
                ],
            }
        ],
        "partialFingerprints": {"finding/v1": hashlib.sha256(key.encode()).hexdigest()},
    }
    if finding.silenced is not None:
        result["suppressions"] = [{"kind": "external", "justification": finding.silenced}]
    return result


def _escape(text: str) -> str:
    """Write a text so that no name or address in it becomes a link where it is shown."""
    return text.translate(_LITERAL)
