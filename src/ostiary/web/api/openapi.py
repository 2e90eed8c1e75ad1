"""The OpenAPI 3.1 document, made of the table of operations."""

from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from ostiary import __version__
from ostiary.admin.decode import Request
from ostiary.oauth import management
from ostiary.oauth.metadata import AUTHORIZE, TOKEN
from ostiary.web.api import idempotency
from ostiary.web.api.body import JSON
from ostiary.web.api.examples import example_of
from ostiary.web.api.glossary import meaning_of
from ostiary.web.api.paging import PAGING
from ostiary.web.api.problems import CODES, MEDIA_TYPE, PAGE, ProblemDocument
from ostiary.web.api.route import MAX_LIMIT, Filter, Route

Document = dict[str, Any]
_SCHEMAS = "#/components/schemas/"
_RESPONSES = "#/components/responses/"
_PARAMETERS = "#/components/parameters/"

# What each status tells, whatever the operation.
_PROBLEMS = {
    400: ("invalid", "The request is malformed, or a value in it breaks a rule."),
    401: ("invalid_token", CODES["invalid_token"]),
    403: ("not_allowed", "The token is not for this API, or you may not do this."),
    404: ("not_found", CODES["not_found"]),
    405: ("method_not_allowed", CODES["method_not_allowed"]),
    409: ("conflict", CODES["conflict"]),
    412: ("precondition_failed", CODES["precondition_failed"]),
    413: ("too_large", CODES["too_large"]),
    415: ("unsupported_media_type", CODES["unsupported_media_type"]),
    421: ("misdirected", CODES["misdirected"]),
    428: ("precondition_required", CODES["precondition_required"]),
    429: ("too_many_requests", CODES["too_many_requests"]),
    503: ("unavailable", CODES["unavailable"]),
}
# What the server says before the API has a say, in plain text: to requests that are hardly
# HTTP, or larger than any honest one.
_TEXT = "text/plain"
_REFUSALS = {
    408: "The request did not arrive in time.",
    414: "The URL is too long.",
    431: "The header fields are too many or too long.",
}
_ALSO_PLAIN = frozenset({400, 413, 429, 503})
# What is told about access tokens, and what they reach.
_OF_TOKENS = frozenset({401, 403, 404})
_ALWAYS = (400, 401, 403, 404, *_REFUSALS, 421, 429, 503)


def make(issuer: str, table: Iterable[Route]) -> Document:
    """Make the document of an instance."""
    routes = tuple(table)
    paths: dict[str, Document] = {}
    for route in routes:
        item = paths.setdefault(route.path, {"parameters": _path_parameters(route.path)})
        item[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ostiary management API",
            "version": __version__,
            "summary": "Everything that administrators manage.",
            "description": _INTRODUCTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": issuer + management.PATH}],
        "externalDocs": {"url": issuer + PAGE},
        "security": [{"oauth": [management.SCOPE]}, {"bearer": []}],
        "tags": [{"name": name} for name in dict.fromkeys(route.resource for route in routes)],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "parameters": _COMMON_PARAMETERS,
            "responses": {
                **{str(status): _problem(status) for status in _PROBLEMS},
                **{str(status): _plain(text) for status, text in _REFUSALS.items()},
            },
            "headers": _COMMON_HEADERS,
            "securitySchemes": _security(issuer),
        },
    }


def _operation(route: Route) -> Document:
    operation: Document = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _describe_right(route),
        "tags": [route.resource],
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.public:
        operation["security"] = []
    else:
        area, level, place = route.right
        operation["x-ostiary-right"] = {
            "area": area.value,
            "level": level.name.lower(),
            "place": place.value,
        }
    if route.body is not None:
        operation["requestBody"] = {
            "required": bool(_schema_of(route.body)[1].get("required")),
            "content": {
                JSON: {
                    "schema": {"$ref": _SCHEMAS + route.body.__name__},
                    "examples": {"example": {"value": route.example}},
                }
            },
        }
    return operation


def _describe_right(route: Route) -> str:
    if route.public:
        return f"{route.description}\n\nTakes no access token.".strip()
    area, level, place = route.right
    right = f"{area}:{level.name.lower()}"
    return f"{route.description}\n\nTakes the right `{right}` in the {place}.".strip()


def _parameters(route: Route) -> list[Document]:
    found = [_query(one) for one in route.filters]
    if route.listing:
        found += [{"$ref": f"{_PARAMETERS}{one.name}"} for one in PAGING]
    if route.method == "POST" and route.repeatable:
        found.append({"$ref": f"{_PARAMETERS}idempotency_key"})
    if route.record is not None and route.method in {"PATCH", "POST", "PUT"}:
        found.append({"$ref": f"{_PARAMETERS}if_match"})
    if route.record is not None and route.method == "DELETE":
        found.append({"$ref": f"{_PARAMETERS}if_match_optional"})
    return found


def _query(one: Filter) -> Document:
    schema: Document = {"type": "string", "minLength": 1, "maxLength": 1024}
    if one.kind is int:
        schema = {"type": "integer", "minimum": 0, "maximum": 10**12 - 1}
    if one.choices:
        schema = {"type": "string", "enum": list(one.choices)}
    if one.name == "limit":
        schema |= {"minimum": 1, "maximum": MAX_LIMIT}
    if one.several:
        schema = {"type": "array", "items": schema}
    found: Document = {
        "name": one.name,
        "in": "query",
        "description": one.description,
        "required": one.required,
        "schema": schema,
    }
    if one.example is not None:
        found["example"] = [one.example] if one.several else one.example
    return found


def _path_parameters(path: str) -> list[Document]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"{name.replace('_', ' ').capitalize()}.",
            "schema": {"type": "string", "minLength": 1},
        }
        for name in names
    ]


def _responses(route: Route) -> Document:
    statuses = [one for one in _ALWAYS if not (route.public and one in _OF_TOKENS)]
    if route.method != "GET" and not route.public:
        statuses += [409]
    if route.body is not None:
        statuses += [413, 415]
    if route.record is not None and route.method != "GET":
        statuses += [412]
    if route.record is not None and route.method in {"PATCH", "POST", "PUT"}:
        statuses += [428]
    success: Document = {"description": HTTPStatus(route.status).phrase}
    if route.answer is not None:
        schema: Document = {"$ref": _SCHEMAS + route.answer.__name__}
        example: Any = example_of(route.answer)
        if route.listing:
            schema = {"$ref": f"{_SCHEMAS}{route.answer.__name__}Page"}
            example = {"items": [example], "next_cursor": None}
        success["content"] = {JSON: {"schema": schema, "examples": {"example": {"value": example}}}}
    if headers := _success_headers(route):
        success["headers"] = headers
    return {
        str(route.status): success,
        **({"304": {"description": HTTPStatus(304).phrase}} if _is_kept(route) else {}),
        **{str(one): {"$ref": f"{_RESPONSES}{one}"} for one in sorted(statuses)},
    }


def _success_headers(route: Route) -> Document:
    headers: Document = {}
    versioned = route.record is not None and route.answer is not None
    if versioned or _is_kept(route):
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
    if route.method == "POST" and route.status == 201:  # noqa: PLR2004 - something was made
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    return headers


def _is_kept(route: Route) -> bool:
    """Tell whether anybody may keep the answer."""
    return route.public and route.method == "GET"


def _problem(status: int) -> Document:
    code, text = _PROBLEMS[status]
    example = {
        "type": f"{PAGE}#problem-{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": text,
        "code": code,
        "trace_id": "4Zk0yXbq7Gd2LmWe",
    }
    if code == "invalid":
        example |= {
            "detail": "name: must not be empty",
            "errors": [{"pointer": "/name", "detail": "must not be empty"}],
        }
    found: Document = {
        "description": text,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": f"{_SCHEMAS}ProblemDocument"},
                "examples": {"example": {"value": example}},
            }
        },
    }
    if status in _ALSO_PLAIN:
        found["content"][_TEXT] = {"schema": {"type": "string"}}
    if status in {429, 503}:
        found["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    if status in {401, 403}:
        found["headers"] = {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}}
    return found


def _plain(text: str) -> Document:
    return {"description": text, "content": {_TEXT: {"schema": {"type": "string"}}}}


def _schemas(routes: tuple[Route, ...]) -> Document:
    kinds: list[type[msgspec.Struct]] = [ProblemDocument]
    for route in routes:
        kinds += [one for one in (route.body, route.answer) if one is not None]
    found: Document = {}
    for kind in dict.fromkeys(kinds):
        parts, _ = _schema_of(kind)
        found |= parts
    for route in routes:
        if route.listing and route.answer is not None:
            name = route.answer.__name__
            found[f"{name}Page"] = _page(name)
    return dict(sorted(found.items()))


@cache
def _schema_of(kind: type[msgspec.Struct]) -> tuple[Document, Document]:
    """Return the schemas that a type needs, and its own among them."""
    _, found = msgspec.json.schema_components([kind], ref_template=_SCHEMAS + "{name}")
    strict = issubclass(kind, Request)
    for owner, schema in found.items():
        if schema.get("type") != "object" or "properties" not in schema:
            continue
        if strict:
            schema["additionalProperties"] = False
        for name, field in schema["properties"].items():
            meaning = meaning_of(owner, name)
            if meaning is not None and "$ref" not in field:
                field.setdefault("description", meaning)
    return found, found[kind.__name__]


def _page(name: str) -> Document:
    return {
        "type": "object",
        "description": "A page of a list.",
        "properties": {
            "items": {"type": "array", "items": {"$ref": _SCHEMAS + name}},
            "next_cursor": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": meaning_of("Page", "next_cursor"),
            },
        },
        "required": ["items", "next_cursor"],
    }


def _security(issuer: str) -> Document:
    scopes = {management.SCOPE: "Manage what you administer."}
    return {
        "oauth": {
            "type": "oauth2",
            "description": "Access tokens of this server, for people and service accounts.",
            "flows": {
                "clientCredentials": {"tokenUrl": issuer + TOKEN, "scopes": scopes},
                "authorizationCode": {
                    "authorizationUrl": issuer + AUTHORIZE,
                    "tokenUrl": issuer + TOKEN,
                    "scopes": scopes,
                },
            },
        },
        "bearer": {"type": "http", "scheme": "bearer"},
    }


_IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that you have read, so that nobody's change is undone unknowingly; "
    "`*` changes whatever is there.",
    "schema": {"type": "string", "pattern": r'^(\*|"[1-9][0-9]{0,17}")$'},
    "example": '"3"',
}
_COMMON_PARAMETERS: Document = {
    **{one.name: _query(one) for one in PAGING},
    "idempotency_key": {
        "name": idempotency.HEADER,
        "in": "header",
        "description": "Makes it safe to send the request again: for a day, the same key gets "
        "the same answer, and nothing is done twice. Use a random one for each request.",
        "required": False,
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "0d6f5c8e-3b55-4b5e-9d6d-2f6f1d0f7a11",
    },
    "if_match": {**_IF_MATCH, "required": True},
    "if_match_optional": {**_IF_MATCH, "required": False},
}
_COMMON_HEADERS: Document = {
    "ETag": {
        "description": "The version, for If-Match.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "Location": {"description": "Where it is.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "How many seconds to wait.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "What is wrong with the access token (RFC 6750, 3).",
        "schema": {"type": "string"},
    },
}
_INTRODUCTION = """\
Get an access token with the scope `urn:ostiary:api`, and send it as `Authorization: Bearer`. \
Service accounts get one by client_credentials or the JWT bearer grant, applications by signing \
somebody in. What a token may do is what its user or service account administers at this moment: \
roles are held in the whole instance, in an organization or in a project, and nobody can give \
what they do not hold. What you may not see is answered as not found.

Lists come in pages, ordered by id: pass `next_cursor` on as `cursor` until it is null. A change \
names the version that it is about by `If-Match`. A POST can be sent again under the same \
`Idempotency-Key`. Members and parameters that do not exist are refused by name. Problems are \
`application/problem+json` (RFC 9457) and say what to change.\
"""
