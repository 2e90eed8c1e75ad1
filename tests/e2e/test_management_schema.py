"""A running server answers as its OpenAPI document says, whatever it is asked (schemathesis)."""

from contextlib import contextmanager

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from ostiary.web.api import openapi
from ostiary.web.api.resources import TABLE
from support import management_server, postgres
from support.server import Server

# The address is filled in for each call: the port is free when the server starts.
schema = schemathesis.openapi.from_dict(openapi.make("http://localhost", TABLE))
# Which methods a path does not take is tested with the router.
schema.config.phases.coverage.unexpected_methods = set()
# The same operations over the other engine: a few tell whether its SQL and its types hold.
EXAMPLES = {"sqlite": 5, "postgresql": 2}
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]


@contextmanager
def run(folder, **options):
    """Run a server that has what the examples of the document speak of; give an owner's tokens."""
    with Server(folder, **options) as server:
        yield server, management_server.prepare(server)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    with run(tmp_path_factory.mktemp("management")) as running:
        yield running


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory):
    with postgres.cluster() as cluster:
        url = cluster.url(cluster.create())
        with run(tmp_path_factory.mktemp("management"), database_url=url) as running:
            yield running


def test_the_document_is_the_one_that_is_served(on_sqlite):
    server, _ = on_sqlite
    answer = httpx.get(f"{server.issuer}/api/v1/openapi.json")
    made = msgspec.json.decode(msgspec.json.encode(openapi.make(server.issuer, TABLE)))
    assert answer.json() == made


def generated(engine):
    """Return how requests are made up, for an engine."""
    return settings(
        max_examples=EXAMPLES[engine],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def check(case, running):
    """Send a request, and hold the answer to the document."""
    server, owner = running
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {owner()}"}
    response = case.call(base_url=f"{server.issuer}/api/v1")
    case.validate_response(response, checks=CHECKS)


@schema.parametrize()
@generated("sqlite")
def test_every_answer_is_documented(case, on_sqlite):
    check(case, on_sqlite)


@pytest.mark.xdist_group("postgresql")
@schema.parametrize()
@generated("postgresql")
def test_every_answer_is_documented_over_postgresql(case, on_postgresql):
    check(case, on_postgresql)
