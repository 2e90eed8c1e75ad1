"""A running server answers as its OpenAPI document says, whatever it is asked (schemathesis)."""

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from ostiary.web.api import openapi
from ostiary.web.api.resources import TABLE
from support import management_server
from support.server import Server

# The address is filled in for each call: the port is free when the server starts.
schema = schemathesis.openapi.from_dict(openapi.make("http://localhost", TABLE))
# Which methods a path does not take is tested with the router.
schema.config.phases.coverage.unexpected_methods = set()
EXAMPLES = 5
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def management(tmp_path_factory):
    """A server that has what the examples of the document speak of, and an owner's token."""
    with Server(tmp_path_factory.mktemp("management")) as running:
        yield running, management_server.prepare(running)


def test_the_document_is_the_one_that_is_served(management):
    server, _ = management
    answer = httpx.get(f"{server.issuer}/api/v1/openapi.json")
    made = msgspec.json.decode(msgspec.json.encode(openapi.make(server.issuer, TABLE)))
    assert answer.json() == made


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(case, management):
    server, owner = management
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {owner()}"}
    response = case.call(base_url=f"{server.issuer}/api/v1")
    case.validate_response(response, checks=CHECKS)
