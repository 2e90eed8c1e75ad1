"""Flows, steps, mistakes and notes fit together."""

import pytest

from ostiary.model.client import Client
from ostiary.oauth import metadata
from ostiary.oauth.registry import GRANTS
from ostiary.playground.breaks import BREAKS
from ostiary.playground.flows import FLOWS
from ostiary.playground.notes import NOTES
from ostiary.playground.sandbox import CALLBACK, ORDERS, STOCK, make_sandbox
from ostiary.playground.step import Kind
from ostiary.playground.steps import STEPS

ISSUER = "https://id.example"
ENDPOINTS = {
    *(metadata.AUTHORIZE, metadata.TOKEN, metadata.PAR, metadata.DEVICE_AUTHORIZATION),
    *(metadata.INTROSPECT, metadata.REVOKE, metadata.USERINFO, metadata.END_SESSION),
}
SANDBOX = make_sandbox(ISSUER, b"\1" * 32, old=True)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_parameter_has_a_note(step) -> None:
    for name, _ in step.parameters:
        note = NOTES[name]
        assert note.why.endswith(".")
        assert note.without.endswith(".")
        assert note.section


def test_no_note_is_about_nothing() -> None:
    in_headers = {"client_secret", "access_token"}
    used = {name for step in STEPS.values() for name, _ in step.parameters}
    assert used | in_headers == set(NOTES)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_requests_go_to_endpoints_of_this_server_alone(step) -> None:
    assert step.path in ENDPOINTS or step.kind is Kind.LOCAL
    used = {flow.id for flow in FLOWS.values() if step.id in flow.steps}
    assert used or any(step.id in one.way.steps for one in BREAKS.values())


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_step_of_a_flow_is_one_and_its_clients_exist(flow) -> None:
    for step_id in flow.steps:
        step = flow.step(step_id)
        assert step is not None
        assert flow.client_at(step) in SANDBOX.furnished.clients
    assert flow.step("nothing") is None


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_every_mistake_is_made_on_its_way(broken) -> None:
    way = broken.way
    assert broken.at in way.steps
    assert (broken.changes_at or broken.at) in way.steps
    assert all(step in STEPS for step in way.steps)
    assert way.client in SANDBOX.furnished.clients


def test_every_grant_can_be_tried() -> None:
    tried = {dict(step.parameters).get("grant_type") for step in STEPS.values()}
    assert tried >= set(GRANTS)


def test_its_clients_answer_to_the_playground_alone() -> None:
    for client in SANDBOX.furnished.clients.values():
        assert isinstance(client, Client)
        assert set(client.redirect_uris) <= {ISSUER + CALLBACK}
        assert set(client.post_logout_redirect_uris) <= {f"{ISSUER}/playground"}
        assert client.web_origins == ()
        assert client.backchannel_logout_uri is None
        assert client.frontchannel_logout_uri is None
        identity = {"openid", "profile", "email", "offline_access"}
        assert set(client.allowed_scopes) <= identity | {ORDERS, STOCK}
    names = set(make_sandbox(ISSUER, b"\1" * 32, old=False).furnished.clients)
    assert {name.rpartition("-")[2] for name in SANDBOX.furnished.clients.keys() - names} == {"old"}


def test_all_processes_make_the_same_secrets() -> None:
    again = make_sandbox(ISSUER, b"\1" * 32, old=True)
    assert again.secrets == SANDBOX.secrets
    assert again.key.kid == SANDBOX.key.kid
    assert len(set(again.secrets.values())) == len(again.secrets)
