"""OpenID Connect Back-Channel Logout 1.0: applications learn of the end of a session (LG-06)."""

import re
from urllib.parse import parse_qs

import pytest
from joserfc import jwe as other_jwe
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.admin.deliveries import TOPIC
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress
from ostiary.identity.current_keys import CurrentKeys
from ostiary.jobs.logout import LEASE, PAUSES, Delivery
from ostiary.model.client import ClientState
from ostiary.oauth.effects import RevokeGrant, RevokeSession
from ostiary.oauth.logout.token import EVENT
from support.instance import ENTROPY, ISSUER, open_instance
from support.jose import KEKS, encryption_jwk, encryption_key
from support.listener import listen, respond
from support.tokens import Caller, make_client

URI = "https://web.test/logged-out"
WEB = make_client("web", backchannel_logout_uri=URI)
# Of another owner, and with another algorithm.
SHOP = make_client(
    "tv",
    backchannel_logout_uri="https://tv.test/bcl?a=b",
    id_token_signed_response_alg="ES256",
    clock_skew=3,
)
QUIET = make_client("quiet")


class Recorder:
    """Takes what is sent, or fails as it is told to."""

    def __init__(self) -> None:
        self.sent = []
        self.failing = False

    async def send(self, url, wanted):
        assert wanted.statuses == (200, 204)
        if self.failing:
            raise FetchFailed(Reason.STATUS, "the answer has the status 500")
        (token,) = parse_qs(wanted.form.decode())["logout_token"]
        self.sent.append((url, token))


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB, SHOP, QUIET)
        yield Caller(instance)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def delivery(caller, recorder):
    store = caller.instance.store
    return Delivery(
        issuer=ISSUER,
        store=store,
        keys=CurrentKeys(store, KEKS),
        clock=caller.instance.clock,
        entropy=ENTROPY,
        sender=lambda: recorder,
        remote_keys=lambda: caller.instance.idp.remote_keys,
    )


async def end(caller, session):
    now = caller.instance.clock.now()
    await caller.instance.apply(RevokeSession(session.id, "logout", now))


async def read(caller, token):
    """Verify a logout token as an application does, with other code."""
    keys = OtherKeySet.import_key_set((await caller.http.get("/oauth/v2/keys")).json())
    decoded = other_jwt.decode(token, keys, algorithms=["RS256", "ES256"])
    return decoded.header, decoded.claims


async def test_2_5_each_application_of_the_session_is_told(caller, delivery, recorder):
    session = await caller.session()
    tokens = {}
    for client in (WEB, SHOP, QUIET):
        tokens[client.client_id] = await caller.tokens(client, session=session)
    await end(caller, session)
    await delivery.run()

    assert sorted(url for url, _ in recorder.sent) == ["https://tv.test/bcl?a=b", URI]


async def test_2_4_the_logout_token(caller, delivery, recorder):
    session = await caller.session()
    await caller.tokens(WEB, session=session)
    await end(caller, session)
    await delivery.run()

    ((_, token),) = recorder.sent
    header, claims = await read(caller, token)
    now = caller.instance.clock.now()
    assert (header["typ"], header["alg"]) == ("logout+jwt", "RS256")
    assert len(claims.pop("jti")) == 22
    assert len(claims.pop("sid")) == 22
    assert claims == {
        "iss": ISSUER,
        "sub": "user-alice",
        "aud": "web",
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
    }
    assert "nonce" not in claims


async def test_2_1_the_sid_is_that_of_the_id_token(caller, delivery, recorder):
    # Through the authorization endpoint, which derives it.
    async with caller.instance.browser() as browser:
        flow = await browser.open_flow("blog")
        answer = await browser.sign_in(flow=flow)
        await browser.get(answer.headers["location"])
    stored = await caller.instance.store.client("blog")
    await caller.instance.change(stored, backchannel_logout_uri="https://blog.test/bcl")
    (grant_event,) = await caller.instance.events("code.issued")
    grant = (await caller.instance.store.standing(grant_event.grant_id)).grant
    now = caller.instance.clock.now()
    await caller.instance.apply(RevokeSession(grant.session_id, "logout", now))
    await delivery.run()

    ((_, token),) = recorder.sent
    _, claims = await read(caller, token)
    assert claims["sid"] == grant.sid


async def test_2_6_the_algorithm_and_skew_of_the_application(caller, delivery, recorder):
    session = await caller.session()
    await caller.tokens(SHOP, session=session)
    await end(caller, session)
    await delivery.run()

    ((_, token),) = recorder.sent
    header, claims = await read(caller, token)
    assert header["alg"] == "ES256"
    assert claims["exp"] - claims["iat"] == 126


async def test_2_4_the_subject_is_that_of_the_id_token(caller, delivery, recorder):
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, subject_type="pairwise")
    session = await caller.session()
    tokens = await caller.tokens(WEB, session=session)
    await end(caller, session)
    await delivery.run()

    ((_, token),) = recorder.sent
    _, claims = await read(caller, token)
    assert claims["sub"] == (await read(caller, tokens["id_token"]))[1]["sub"] != "user-alice"
    (event,) = await caller.instance.events("backchannel_logout.delivered")
    assert event.user_id == "user-alice"


async def test_2_4_it_is_encrypted_where_id_tokens_are(caller, delivery, recorder):
    stored = await caller.instance.store.client("web")
    keys = {"keys": [encryption_jwk("P-256")]}
    encrypted = {"jwks": keys, "id_token_encrypted_response_alg": "ECDH-ES"}
    await caller.instance.change(stored, **encrypted)
    session = await caller.session()
    await caller.tokens(WEB, session=session)
    await end(caller, session)
    await delivery.run()

    ((_, token),) = recorder.sent
    opened = other_jwe.decrypt_compact(token, encryption_key("P-256"))
    assert opened.protected["cty"] == "JWT"
    _, claims = await read(caller, opened.plaintext.decode())
    assert claims["sub"] == "user-alice"


async def test_2_4_and_not_sent_without_a_key_for_it(caller, delivery, recorder):
    session = await caller.session()
    await caller.tokens(WEB, session=session)
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, id_token_encrypted_response_alg="ECDH-ES")
    await end(caller, session)
    await delivery.run()

    assert recorder.sent == []
    (event,) = await caller.instance.events("backchannel_logout.failed")
    assert "ECDH-ES" in event.reason


async def test_lg_08_a_logout_token_opens_nothing(caller, delivery, recorder):
    session = await caller.session()
    await caller.tokens(WEB, session=session)
    await end(caller, session)
    await delivery.run()

    ((_, token),) = recorder.sent
    assert (await caller.userinfo(token)).status_code == 401


async def test_whatever_ends_a_session_is_told(caller, delivery, recorder):
    # An administrator, a replaced session, an attack: there is one way to end one.
    for reason in ("admin_revoked", "replaced", "user_disabled"):
        session = await caller.session()
        await caller.tokens(WEB, session=session)
        now = caller.instance.clock.now()
        await caller.instance.apply(RevokeSession(session.id, reason, now))
    await delivery.run()
    assert len(recorder.sent) == 3


async def test_the_end_of_a_grant_is_no_logout(caller, delivery, recorder):
    await caller.tokens(WEB)
    (event,) = await caller.instance.events("token.issued")
    await caller.instance.apply(RevokeGrant(event.grant_id, "test", event.at))
    await delivery.run()
    assert recorder.sent == []


async def test_an_application_that_is_switched_off_is_not_told(caller, delivery, recorder):
    session = await caller.session()
    await caller.tokens(WEB, session=session)
    stored = await caller.instance.store.client("web")
    await caller.instance.change(stored, state=ClientState.INACTIVE)
    await end(caller, session)
    await delivery.run()
    assert recorder.sent == []


class TestLg06Retries:
    """Who does not answer is told again, later and later, and holds up nobody."""

    @pytest.fixture
    async def failing(self, caller, delivery, recorder):
        session = await caller.session()
        await caller.tokens(WEB, session=session)
        await end(caller, session)
        recorder.failing = True
        await delivery.run()

    @pytest.mark.usefixtures("failing")
    async def test_a_failure_is_seen_and_repeated(self, caller, delivery, recorder):
        (event,) = await caller.instance.events("backchannel_logout.failed")
        assert (event.client_id, event.user_id) == ("web", "user-alice")
        assert "500" in event.reason
        await delivery.run()
        assert len(await caller.instance.events("backchannel_logout.failed")) == 1

        recorder.failing = False
        caller.instance.clock.time += PAUSES[0]
        await delivery.run()
        assert len(recorder.sent) == 1
        (event,) = await caller.instance.events("backchannel_logout.delivered")
        assert event.details == {"attempt": 2}
        caller.instance.clock.time += 100_000
        await delivery.run()
        assert len(recorder.sent) == 1

    @pytest.mark.usefixtures("failing")
    async def test_each_attempt_has_a_token_of_its_own(self, caller, delivery, recorder):
        recorder.failing = False
        caller.instance.clock.time += PAUSES[0]
        await delivery.run()
        ((_, token),) = recorder.sent
        _, claims = await read(caller, token)
        assert claims["iat"] == caller.instance.clock.now()

    @pytest.mark.usefixtures("failing")
    async def test_after_a_day_it_is_given_up(self, caller, delivery):
        for pause in PAUSES:
            caller.instance.clock.time += pause
            await delivery.run()
        assert len(await caller.instance.events("backchannel_logout.failed")) == len(PAUSES) + 1
        assert not await caller.instance.store.has_messages(4_000_000_000)
        assert sum(PAUSES) > 20 * 3600

        # It can be seen for a month, and sent again.
        store, now = caller.instance.store, caller.instance.clock.now()
        (kept,) = await store.list_messages(TOPIC, 0, 10, failed=True)
        assert "500" in kept.last_error
        assert (await store.purge(now))["outbox"] == 0
        assert (await store.purge(now + 31 * 86400))["outbox"] == 1

    @pytest.mark.usefixtures("failing")
    async def test_what_was_given_up_is_sent_again_on_demand(self, caller, delivery, recorder):
        store, clock = caller.instance.store, caller.instance.clock
        for pause in PAUSES:
            clock.time += pause
            await delivery.run()
        recorder.failing = False
        (kept,) = await store.list_messages(TOPIC, 0, 10, failed=True)
        assert await store.retry_message(TOPIC, kept.id, clock.now())
        await delivery.run()
        assert len(recorder.sent) == 1
        assert await store.list_messages(TOPIC, 0, 10, failed=False) == ()
        assert not await store.retry_message(TOPIC, kept.id, clock.now())

    async def test_what_a_process_took_and_lost_is_taken_by_the_next(
        self, caller, delivery, recorder
    ):
        session = await caller.session()
        await caller.tokens(WEB, session=session)
        await end(caller, session)
        now = caller.instance.clock.now()
        assert len(await caller.instance.store.claim_messages(now, 10, LEASE)) == 1
        await delivery.run()
        assert recorder.sent == []
        caller.instance.clock.time += LEASE
        await delivery.run()
        assert len(recorder.sent) == 1


class TestWire:
    """2.5 and 2.8: what an application sees of it, and what its answers mean."""

    async def deliver(self, caller, answer):
        """Have an application told over HTTP; return what it was sent, and the events."""
        seen = []

        async def handle(reader, writer):
            head = site.requests[-1]
            (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
            seen.append((head.decode(), await reader.readexactly(int(length))))
            writer.write(answer)
            await writer.drain()

        async with listen(handle) as site:
            egress = Egress(["127.0.0.0/8"])
            instance = caller.instance
            stored = await instance.store.client("web")
            uri = f"http://127.0.0.1:{site.port}/bcl?tenant=7"
            await instance.change(stored, backchannel_logout_uri=uri)
            session = await caller.session()
            await caller.tokens(WEB, session=session)
            await end(caller, session)
            await Delivery(
                issuer=ISSUER,
                store=instance.store,
                keys=CurrentKeys(instance.store, KEKS),
                clock=instance.clock,
                entropy=ENTROPY,
                sender=lambda: egress,
                remote_keys=lambda: instance.idp.remote_keys,
            ).run()
            await egress.aclose()
        events = await instance.events("backchannel_logout.delivered", "backchannel_logout.failed")
        return seen, [event.type.rpartition(".")[2] for event in events]

    async def test_2_5_one_form_with_the_token_and_nothing_else(self, caller):
        ((head, body),), events = await self.deliver(caller, respond())
        assert head.startswith("POST /bcl?tenant=7 HTTP/1.1\r\n")
        assert "content-type: application/x-www-form-urlencoded" in head.lower()
        assert not {"cookie:", "authorization:", "referer:"} & set(head.lower().split())
        sent = parse_qs(body.decode(), strict_parsing=True)
        assert sent.keys() == {"logout_token"}
        _, claims = await read(caller, *sent["logout_token"])
        assert claims["sub"] == "user-alice"
        assert events == ["delivered"]

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (respond(b""), "delivered"),
            (respond(b"", status="204 No Content", length=False), "delivered"),
            (respond(b"", status="400 Bad Request"), "failed"),
            (
                respond(b"", status="302 Found", headers=("Location: http://127.0.0.1:1/",)),
                "failed",
            ),
            (respond(b"", status="500 Error"), "failed"),
            (b"220 smtp ready\r\n", "failed"),
        ],
        ids=["200", "204", "400", "redirect", "500", "protocol"],
    )
    async def test_2_8_what_its_answer_means(self, caller, answer, outcome):
        seen, events = await self.deliver(caller, answer)
        assert len(seen) == 1
        assert events == [outcome]
        assert await caller.instance.store.has_messages(4_000_000_000) is (outcome == "failed")
