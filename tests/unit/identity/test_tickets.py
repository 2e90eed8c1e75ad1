"""Tickets: what their secrets are made of, and what makes them worthless."""

import msgspec
import pytest

from ostiary.identity import tickets
from ostiary.identity.tickets import PATHS, Request, TicketOver
from ostiary.jose.errors import NoSigningKey
from ostiary.jose.keyring import KeyRing
from ostiary.model.ticket import Purpose
from ostiary.model.user import User
from ostiary.oauth.handle import digest
from support.instance import ENTROPY
from support.jose import KEKS, NOW, make_instance_key

RING = KeyRing((), (make_instance_key("ticket"),), KEKS)
OTHERS = KeyRing((), (make_instance_key("browser"),), KEKS)


def issue(**fields):
    values = {
        "purpose": Purpose.PASSWORD_RESET,
        "user_id": "alice",
        "organization_id": "acme",
        "email": "alice@acme.test",
        "lifetime": 900,
    } | fields
    return tickets.issue(RING, Request(**values), NOW, ENTROPY)


class Shelf:
    """Tickets by digest."""

    def __init__(self, *kept) -> None:
        self.kept = {one.digest: one for one in kept}

    async def ticket(self, digest_: bytes):
        return self.kept.get(digest_)

    async def unused_ticket(self, user_id: str, purpose: Purpose):
        found = [
            one
            for one in self.kept.values()
            if (one.user_id, one.purpose, one.consumed_at) == (user_id, purpose, None)
        ]
        return found[-1] if found else None


def test_the_record_holds_the_digest_of_the_secret_alone():
    ticket = issue()
    token = tickets.token_of(RING, ticket)
    assert ticket.digest == digest(token)
    assert token.encode() not in msgspec.json.encode(ticket)
    assert tickets.token_of(RING, ticket) == token
    assert ticket.expires_at == NOW + 900


def test_every_secret_is_another():
    made = {tickets.token_of(RING, issue()) for _ in range(50)}
    assert len(made) == 50
    ticket = issue()
    as_other = msgspec.structs.replace(ticket, purpose=Purpose.INVITATION)
    assert tickets.token_of(RING, ticket) != tickets.token_of(RING, as_other)
    assert tickets.code_of(RING, ticket) not in tickets.token_of(RING, ticket)


def test_without_the_key_there_is_no_secret():
    with pytest.raises(NoSigningKey):
        tickets.token_of(OTHERS, issue())
    with pytest.raises(NoSigningKey):
        tickets.issue(
            OTHERS,
            Request(
                purpose=Purpose.INVITATION,
                user_id="",
                organization_id="",
                email="",
                lifetime=1,
            ),
            NOW,
            ENTROPY,
        )


def test_a_code_has_six_digits_and_is_typed_in_groups():
    for _ in range(50):
        ticket = issue()
        code = tickets.code_of(RING, ticket)
        assert len(code) == 6
        assert code.isdecimal()
        assert tickets.matches_code(RING, ticket, f" {code[:3]} {code[3:]}\n")
        for wrong in ("", code[:5], code + "0", "\u0661" * 6, "x" * 1000):
            assert not tickets.matches_code(RING, ticket, wrong)


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_leads_to_its_page_and_opens_that_alone(purpose):
    ticket = issue(purpose=purpose)
    link = tickets.link_of("https://id.test", RING, ticket)
    token = link.partition("?ticket=")[2]
    assert link.startswith(f"https://id.test{PATHS[purpose]}?")
    shelf = Shelf(ticket)
    assert await tickets.find(shelf, token, frozenset({purpose}), NOW) == ticket
    with pytest.raises(TicketOver):
        await tickets.find(shelf, token, frozenset(Purpose) - {purpose}, NOW)


@pytest.mark.parametrize(
    ("changes", "now"),
    [({"consumed_at": NOW}, NOW), ({}, NOW + 900), ({}, NOW + 10**9)],
    ids=["used", "expired", "long ago"],
)
async def test_what_is_over_opens_nothing(changes, now):
    ticket = msgspec.structs.replace(issue(), **changes)
    token = tickets.token_of(RING, ticket)
    with pytest.raises(TicketOver):
        await tickets.find(Shelf(ticket), token, frozenset(Purpose), now)


@pytest.mark.parametrize("token", [None, "", "x", "ost_rc_", "ost_st_" + "a" * 49, "\u00e4" * 56])
async def test_what_is_no_secret_is_not_looked_up(token):
    with pytest.raises(TicketOver):
        await tickets.find(None, token, frozenset(Purpose), NOW)


ALICE = User(id="alice", organization_id="acme", username="alice", email="alice@acme.test")


@pytest.mark.parametrize(
    ("user", "since", "bound"),
    [
        (ALICE, 0, True),
        (None, 0, False),
        (msgspec.structs.replace(ALICE, id="bob"), 0, False),
        (msgspec.structs.replace(ALICE, email="a@b.test"), 0, False),
        (msgspec.structs.replace(ALICE, email=None), 0, False),
        (msgspec.structs.replace(ALICE, credentials_changed_at=5), 0, False),
        (msgspec.structs.replace(ALICE, credentials_changed_at=5), 5, True),
    ],
)
def test_a_ticket_is_bound_to_who_it_was_made_for(user, since, bound):
    ticket = issue(since=since)
    if bound:
        assert tickets.require_bound(ticket, user) is user
    else:
        with pytest.raises(TicketOver):
            tickets.require_bound(ticket, user)


async def test_an_open_ticket_is_used_up_by_the_next():
    ticket = issue()
    assert await tickets.use_up(Shelf(ticket), "alice", Purpose.PASSWORD_RESET, NOW) == (
        tickets.consume(ticket, NOW),
    )
    for shelf, now in ((Shelf(), NOW), (Shelf(ticket), NOW + 900)):
        assert await tickets.use_up(shelf, "alice", Purpose.PASSWORD_RESET, now) == ()
