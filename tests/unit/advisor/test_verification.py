"""Which steps are ticked off by what, for every kind of application."""

import pytest

from ostiary.advisor.verification import TITLES, StepId, verify
from ostiary.model.client import Client
from ostiary.model.event import Event, Result
from ostiary.model.sighting import Sighting, Trait

NOW = 1_790_000_000


def client(*grants, response_types=("code",), **fields):
    return Client(
        client_id="shop",
        organization_id="acme",
        grant_types=grants,
        response_types=response_types,
        **fields,
    )


WEB = client("authorization_code", "refresh_token")
DEVICE = client("urn:ietf:params:oauth:grant-type:device_code", response_types=())
MACHINE = client("client_credentials", response_types=())


def event(type_, at=NOW, reason=None, client_id="shop", **fields):
    return Event(type=type_, at=at, reason=reason, client_id=client_id, **fields)


def sighting(trait, value, first=NOW, last=NOW, client_id="shop"):
    return Sighting(
        client_id=client_id, trait=trait, value=value, first_seen_at=first, last_seen_at=last
    )


def seen(found):
    return {step.id.value: step.at for step in found.steps if step.at is not None}


def test_nothing_is_seen_of_a_new_application():
    found = verify(WEB, (), ())
    assert seen(found) == {}
    assert not found.verified
    assert {step.id.value for step in found.steps if step.needed} == {"request", "pkce", "token"}
    assert {step.id for step in found.steps} == set(TITLES)


def test_a_sign_in_is_proved_by_its_events():
    issued, exchanged = event("code.issued"), event("token.issued", NOW + 1, "authorization_code")
    waiting = verify(WEB, (issued,), ())
    assert (seen(waiting), waiting.verified) == ({"request": NOW}, False)
    done = verify(WEB, (exchanged, issued), ())
    assert seen(done) == {"request": NOW, "pkce": NOW + 1, "token": NOW + 1}
    assert done.verified


def test_the_proof_stays_when_the_events_are_gone():
    sightings = (
        sighting(Trait.RESPONSE_TYPE, "code"),
        sighting(Trait.GRANT_TYPE, "authorization_code", NOW + 1),
        sighting(Trait.GRANT_TYPE, "refresh_token", NOW + 2),
        sighting(Trait.ENDPOINT, "userinfo", NOW + 3),
        sighting(Trait.ENDPOINT, "keys", NOW + 4),
    )
    late = (event("code.issued", NOW + 900), event("auth.logout", NOW + 901))
    assert seen(verify(WEB, late, sightings)) == {
        "request": NOW,
        "pkce": NOW + 1,
        "token": NOW + 1,
        "refresh": NOW + 2,
        "userinfo": NOW + 3,
        "keys": NOW + 4,
        "logout": NOW + 901,
    }


@pytest.mark.parametrize(
    ("challenges", "right"),
    [
        ((), False),
        ((sighting(Trait.CODE_CHALLENGE, "S256"),), True),
        ((sighting(Trait.CODE_CHALLENGE, "none"),), False),
        (
            (
                sighting(Trait.CODE_CHALLENGE, "none", last=NOW),
                sighting(Trait.CODE_CHALLENGE, "S256", last=NOW + 1),
            ),
            True,
        ),
        (
            (
                sighting(Trait.CODE_CHALLENGE, "S256", last=NOW),
                sighting(Trait.CODE_CHALLENGE, "none", last=NOW + 1),
            ),
            False,
        ),
    ],
)
def test_where_pkce_is_not_required_the_last_request_counts(challenges, right):
    old = client("authorization_code", require_pkce=False)
    events = (event("code.issued"), event("token.issued", reason="authorization_code"))
    assert verify(old, events, challenges).verified is right


def test_a_refresh_is_no_first_token():
    found = verify(WEB, (event("token.issued", reason="refresh_token"),), ())
    assert seen(found) == {"refresh": NOW}


def test_a_device_has_no_pkce_and_a_machine_nothing_but_its_token():
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    events = (event("device.requested"), event("token.issued", reason=grant))
    assert verify(DEVICE, events, ()).verified
    machine = verify(MACHINE, (event("token.issued", reason="client_credentials"),), ())
    assert machine.verified
    assert [step.id for step in machine.steps] == [StepId.TOKEN]


def test_nothing_of_another_application_counts():
    events = (
        event("code.issued", client_id="blog"),
        event("token.issued", reason="authorization_code", client_id="blog"),
        event("client_auth.failed", client_id="blog", result=Result.FAILURE),
    )
    sightings = (sighting(Trait.GRANT_TYPE, "authorization_code", client_id="blog"),)
    found = verify(WEB, events, sightings)
    assert (seen(found), found.failures) == ({}, ())


def test_the_last_failures_are_told_and_tick_nothing():
    failed = [
        event("authz.request.rejected", NOW + n, "scope-registered", result=Result.FAILURE)
        for n in range(9)
    ]
    found = verify(WEB, failed, ())
    assert seen(found) == {}
    assert [one.at - NOW for one in found.failures] == [8, 7, 6, 5, 4]
