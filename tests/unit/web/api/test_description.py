"""The OpenAPI document and the page that is made of it: complete, valid, and true."""

import json
import re

import msgspec
import pytest

from ostiary.web.api import examples, openapi
from ostiary.web.api.documentation import describe
from ostiary.web.api.problems import CODES, pointer
from ostiary.web.api.resources import TABLE
from support.instance import ISSUER

DOCUMENT = openapi.make(ISSUER, TABLE)


def references(value):
    """Find every reference in a part of the document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_reference_leads_somewhere():
    for reference in set(references(DOCUMENT)):
        found = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_operations_are_told_apart_and_described():
    names = [route.name for route in TABLE]
    assert len(names) == len(set(names))
    assert len({(route.method, route.path) for route in TABLE}) == len(TABLE)
    for route in TABLE:
        assert route.summary
        assert (route.body is None) == (route.example is None)
        assert (route.answer is None) == (route.status == 204)
        if route.listing:
            assert route.method == "GET"


@pytest.mark.parametrize(
    "answer",
    list(dict.fromkeys(route.answer for route in TABLE if route.answer is not None)),
    ids=lambda answer: answer.__name__,
)
def test_examples_of_answers_are_answers(answer):
    example = examples.example_of(answer)
    read = msgspec.convert(example, answer)
    assert json.loads(msgspec.json.encode(read)) == json.loads(msgspec.json.encode(example))


def test_no_example_is_left_over():
    named = {route.answer.__name__ for route in TABLE if route.answer is not None}
    assert set(examples._EXAMPLES) == named


def test_bodies_take_nothing_else():
    for route in TABLE:
        if route.body is not None:
            schema = DOCUMENT["components"]["schemas"][route.body.__name__]
            assert schema["additionalProperties"] is False
            assert set(route.example) <= set(schema["properties"])
            assert set(schema.get("required", ())) <= set(route.example)


def test_a_secret_is_never_an_example():
    text = json.dumps(DOCUMENT)
    assert not re.search(r"ost_(cs|at|rt|pat)_[0-9A-Za-z]{20}", text)


async def test_the_document_is_cached_by_its_content(world):
    answer = await world.http.get("/api/v1/openapi.json")
    assert answer.json() == json.loads(msgspec.json.encode(DOCUMENT))
    headers = {"If-None-Match": answer.headers["etag"]}
    again = await world.http.get("/api/v1/openapi.json", headers=headers)
    assert (again.status_code, again.content) == (304, b"")


async def test_the_page_shows_every_operation_with_a_call(world):
    answer = await world.http.get("/api/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for route in TABLE:
        assert f'id="{route.name}"' in answer.text
    ids = re.findall(r' id="([^"]*)"', answer.text)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]*)"', answer.text):
        assert target in ids


async def test_every_problem_has_a_place_on_the_page(world):
    answer = await world.http.get("/api/docs")
    for code in CODES:
        assert f'id="problem-{code}"' in answer.text


def test_calls_name_what_they_need():
    page = describe(DOCUMENT)
    found = {one.name: one.curl for group in page.groups for one in group.operations}
    assert found["update_project"].splitlines()[0].startswith("curl -X PATCH")
    assert "If-Match" in found["update_project"]
    assert "?project=shop" in found["list_roles"]
    assert "{" not in "".join(line for curl in found.values() for line in curl.splitlines()[:1])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ""),
        ("name", "/name"),
        ("users[2].email.address", "/users/2/email/address"),
        ("matrix[0][1]", "/matrix/0/1"),
        ("a/b~c", "/a~1b~0c"),
    ],
)
def test_paths_as_json_pointers(path, expected):
    assert pointer(path) == expected
