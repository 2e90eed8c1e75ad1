"""The OpenAPI document as a page for people, without any script."""

import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from ostiary.pages.api import ApiGroup, ApiMember, ApiOperation, ApiPage, ApiProblem
from ostiary.web.api.problems import CODES

# What lists are of.
_PLURALS = {"string": "strings", "object": "objects"}
_METHODS = ("get", "post", "put", "patch", "delete")
_EXAMPLES = {
    "organization_id": "acme",
    "project_id": "shop",
    "client_id": "shop-web",
    "api_id": "orders",
    "service_account_id": "robot",
    "key_id": "robot-1",
    "key": "clerk",
}
_SOME_ID = "019966d4-5ba0-7a1e-8f43-91e2d7c0a4b3"

Document = dict[str, Any]


def describe(document: Document) -> ApiPage:
    """Return what the page shows."""
    groups: dict[str, list[ApiOperation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                groups[operation["tags"][0]].append(
                    _operation(document, method, path, item["parameters"], operation)
                )
    return ApiPage(
        site=urlsplit(document["servers"][0]["url"]).netloc,
        url=document["servers"][0]["url"],
        version=document["info"]["version"],
        introduction=tuple(document["info"]["description"].split("\n\n")),
        groups=tuple(
            ApiGroup(name=name, operations=tuple(found)) for name, found in groups.items()
        ),
        problems=tuple(ApiProblem(code=code, text=text) for code, text in CODES.items()),
    )


def _operation(
    document: Document, method: str, path: str, path_parameters: list[Document], found: Document
) -> ApiOperation:
    parameters = [_resolve(document, one) for one in (*path_parameters, *found["parameters"])]
    body = found.get("requestBody")
    media = {} if body is None else body["content"]["application/json"]
    schema = _resolve(document, media["schema"]) if media else {}
    (success,) = (status for status in found["responses"] if status.startswith("2"))
    answer = found["responses"][success].get("content", {}).get("application/json")
    return ApiOperation(
        name=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found["summary"],
        description=tuple(found["description"].split("\n\n")),
        parameters=tuple(
            ApiMember(
                name=one["name"],
                kind=f"{one['in']}, {_kind(document, one['schema'])}",
                required=one["required"],
                text=one.get("description", ""),
            )
            for one in parameters
        ),
        members=tuple(_members(document, schema)),
        curl=_curl(document, method, path, parameters, _example(media)),
        status=success,
        answer=None if answer is None else _pretty(_example(answer)),
        refusals=tuple(status for status in found["responses"] if status != success),
    )


def _resolve(document: Document, value: Document) -> Document:
    """Follow a reference within the document."""
    reference = value.get("$ref")
    if reference is None:
        return value
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _members(document: Document, schema: Document, within: str = "") -> Iterator[ApiMember]:
    """Return the members of a body, required ones first, each with those within it."""
    required = set(schema.get("required", ()))
    properties = schema.get("properties", {}).items()
    for name, member in sorted(properties, key=lambda pair: pair[0] not in required):
        yield ApiMember(
            name=within + name,
            kind=_kind(document, member),
            required=name in required,
            text=member.get("description", ""),
        )
        for option in (member, *member.get("anyOf", ())):
            yield from _members(document, _resolve(document, option), f"{within}{name}.")


def _kind(document: Document, schema: Document) -> str:
    """Say what a value is, in a few words."""
    schema = _resolve(document, schema)
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(document, one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_PLURALS[_kind(document, schema.get('items', {}))]}"
    return str(schema.get("type", "any"))


def _example(media: Document) -> Any:
    return media.get("examples", {}).get("example", {}).get("value")


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _curl(document: Document, method: str, path: str, parameters: list[Document], body: Any) -> str:
    """Return the call as a command line."""
    query: dict[str, Any] = {}
    lines = ['-H "Authorization: Bearer $TOKEN"']
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", _EXAMPLES.get(one["name"], _SOME_ID))
        elif one["in"] == "query" and one["required"]:
            query[one["name"]] = one["example"]
        elif one["in"] == "header" and one["required"]:
            lines.append(f"-H {shlex.quote(one['name'] + ': ' + one['example'])}")
    if body is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(msgspec.json.encode(body).decode())}")
    url = document["servers"][0]["url"] + path
    if query:
        url += "?" + urlencode(query)
    verb = "" if method == "get" else f"-X {method.upper()} "
    return " \\\n  ".join([f"curl {verb}{shlex.quote(url)}", *lines])
