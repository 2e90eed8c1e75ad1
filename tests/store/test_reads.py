"""What is read is what was written, joined with what it rests on."""

import msgspec
import pytest

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.client import ClientKind, ClientSecret, ClientState, Legacy, Lifetimes
from ostiary.model.factor import FactorKind, Passkey, RecoveryCodes
from ostiary.model.grant import DeviceStatus
from ostiary.model.organization import State
from ostiary.model.policy import Configuration, Policies
from ostiary.model.ticket import Purpose
from ostiary.model.user import UserState
from ostiary.oauth.effects import (
    Conflict,
    Consume,
    Delete,
    Enqueue,
    Insert,
    RevokeGrant,
    RevokeSession,
    Update,
)
from ostiary.oauth.reader import CodeStanding, FamilyStanding, SignedIn, Standing, TokenStanding
from ostiary.store import Store
from ostiary.store.codec import codec_of
from ostiary.store.reads.instance import merge_policies
from support import records
from support.records import NOW, digest


@pytest.fixture
async def signed_in(store) -> Store:
    await store.apply(records.sign_in())
    return store


def standing() -> Standing:
    return Standing(grant=records.grant(), session=records.session(), user=records.user())


class TestLegacyUses:
    """Metadata lists what applications use that is no longer recommended."""

    async def test_one_client_stands_for_all_that_use_the_same(self, store):
        old = {"uses_legacy": True, "response_types": ("id_token",), "grant_types": ("implicit",)}
        clients = [
            records.client(f"old-{n}", legacy=Legacy(reason=f"It is old, {n}"), **old)
            for n in range(3)
        ]
        ends = records.client("ends", legacy=Legacy(reason="Old", until="2030-01-01"), **old)
        other = records.client(
            "other", **(old | {"response_types": ("code id_token",)}), legacy=Legacy(reason="Old")
        )
        off = records.client(
            "off",
            **(old | {"response_types": ("token",)}),
            legacy=Legacy(reason="Old"),
            state=ClientState.INACTIVE,
        )
        new = records.client("new")
        await store.apply(tuple(Insert(one) for one in (*clients, ends, other, off, new)))
        found = {client.client_id for client in await store.legacy_clients()}
        assert found == {"ends", "old-0", "other"}


class TestRoundTrip:
    """Every field of a record comes back, on both engines."""

    @pytest.mark.parametrize(
        "client",
        [
            records.client(
                "full",
                kind=ClientKind.SERVICE_ACCOUNT,
                project_id=None,
                state=ClientState.INACTIVE,
                secrets=(ClientSecret(digest=b"\x00\xff", created_at=1, expires_at=2),),
                jwks={"keys": [{"kty": "EC", "x": "ü\x00"}]},
                lifetimes=Lifetimes(code=30),
                default_max_age=0,
            ),
            records.client("text", client_name="N\x00\\u0000ü\u2028𝄞'\";--", contacts=("a@b",)),
        ],
        ids=["every kind of field", "any text"],
    )
    async def test_of_a_client(self, store, client):
        await store.apply((Insert(client),))
        assert await store.client(client.client_id) == client
        assert await store.read_client(client.client_id) == client

    async def test_of_organization_project_and_api(self, store):
        await store.apply((Insert(records.api()),))
        assert await store.organization("acme") == records.organization()
        assert await store.project("shop") == records.project()
        assert await store.read_organization("acme") == records.organization()
        assert await store.read_project("shop") == records.project()
        assert await store.read_api("orders") == records.api()

    async def test_of_administrators(self, store):
        everywhere = records.administrator(
            "second", role=AdministratorRole.INSTANCE_OWNER, organization_id=None
        )
        of_project = records.administrator(
            "third",
            role=AdministratorRole.PROJECT_OWNER,
            project_id="shop",
            user_id="robot",
            declared=True,
        )
        first = records.administrator("first")
        await store.apply((Insert(first), Insert(everywhere), Insert(of_project)))
        assert await store.administrators_of("alice") == (first, everywhere)
        assert await store.administrators_of("nobody") == ()
        assert await store.read_administrator("third") == of_project
        listed = await store.list_administrators(None, None, "", 10)
        assert listed == (first, everywhere, of_project)
        assert await store.list_administrators("acme", None, "", 10) == (first, of_project)
        assert await store.list_administrators("acme", "shop", "", 10) == (of_project,)
        await store.apply((Delete(Administrator, "third"),))
        assert await store.administrators_of("robot") == ()

    async def test_one_role_at_one_place_is_held_once(self, store):
        for again in (
            records.administrator("one"),
            records.administrator(
                "two", role=AdministratorRole.INSTANCE_OWNER, organization_id=None
            ),
        ):
            await store.apply((Insert(again),))
            twice = msgspec.structs.replace(again, id=f"{again.id}-again")
            with pytest.raises(Conflict):
                await store.apply((Insert(twice),))

    async def test_of_kept_answers(self, store):
        await store.apply((Insert(records.kept_answer()),))
        assert await store.read_kept_answer(digest("kept")) == records.kept_answer()
        assert await store.read_kept_answer(digest("other")) is None
        with pytest.raises(Conflict):
            await store.apply((Insert(records.kept_answer(status=200)),))

    async def test_of_grants_and_their_person(self, store):
        await store.apply(records.sign_in())
        grant = records.grant()
        assert await store.read_grant(grant.id) == grant
        assert await store.list_grants("alice", NOW, "", 10) == (grant,)
        assert await store.list_grants("alice", NOW, grant.id, 10) == ()
        assert await store.list_grants("alice", grant.expires_at, "", 10) == ()
        assert await store.list_grants("bob", NOW, "", 10) == ()
        await store.apply((RevokeGrant(grant.id, "test", NOW),))
        assert await store.list_grants("alice", NOW, "", 10) == ()
        ended = await store.read_grant(grant.id)
        assert (ended.revoked_at, ended.revoked_reason) == (NOW, "test")

    async def test_of_a_user(self, store):
        assert await store.user("alice") == records.user()
        assert await store.user_by_login_name("alice") == records.user()
        assert await store.read_user("alice") == records.user()
        assert await store.read_user_by_login_name("alice") == records.user()

    async def test_of_keys(self, store):
        await store.apply(
            (
                Insert(records.signing_key("second", created_at=NOW + 1)),
                Insert(records.signing_key("first")),
                Insert(records.instance_key("refresh-2", key_version=2)),
                Insert(records.instance_key()),
            )
        )
        assert [key.kid for key in await store.signing_keys()] == ["first", "second"]
        assert (await store.signing_keys())[0] == records.signing_key("first")
        assert [key.key_version for key in await store.instance_keys()] == [1, 2]
        assert (await store.instance_keys())[0] == records.instance_key()

    async def test_of_a_browser_an_interaction_and_a_consent(self, signed_in):
        await signed_in.apply((Insert(records.interaction()), Insert(records.consent())))
        assert await signed_in.browser(digest("browser")) == records.browser()
        assert await signed_in.interaction(digest("interaction")) == records.interaction()
        assert await signed_in.consent("alice", "shop-web") == records.consent()


class TestFactors:
    """What people prove who they are with, and the devices that they trust."""

    async def test_of_a_person_oldest_first(self, store):
        newer = records.factor("a", created_at=NOW + 1, kind=FactorKind.PASSKEY)
        newer = msgspec.structs.replace(
            newer, credential=Passkey(credential_id=b"i", public_key=b"k")
        )
        codes = RecoveryCodes(digests=(b"d" * 32,))
        middle = records.factor("b", kind=FactorKind.RECOVERY_CODE, credential=codes)
        await store.apply((Insert(newer), Insert(records.factor("c")), Insert(middle)))
        assert await store.factors("alice") == (middle, records.factor("c"), newer)
        assert await store.factors("bob") == ()
        assert await store.factor("a") == newer
        assert await store.factor("none") is None

    async def test_of_devices_newest_first(self, store):
        later = records.trusted_device("later", created_at=NOW + 1)
        await store.apply((Insert(records.trusted_device()), Insert(later)))
        assert await store.trusted_devices("alice") == (later, records.trusted_device())
        assert await store.trusted_device("later") == later
        assert await store.trusted_device("none") is None


class TestDevices:
    """A device is found by its secret, and by what people type."""

    async def test_by_either_code(self, store):
        await store.apply((Insert(records.device_code()),))
        assert await store.device_code(digest("device")) == records.device_code()
        assert await store.device_by_user_code("BCDFGHJK") == records.device_code()
        assert await store.device_by_user_code("BCDFGHJL") is None

    async def test_two_that_wait_with_the_same_code_are_none(self, store):
        await store.apply((Insert(records.device_code()), Insert(records.device_code("second"))))
        assert await store.device_by_user_code("BCDFGHJK") is None

    @pytest.mark.parametrize(
        "earlier", [{"status": DeviceStatus.DENIED}, {"expires_at": NOW + 100}], ids=str
    )
    async def test_one_that_is_over_does_not_stand_in_the_way(self, store, earlier):
        later = records.device_code("later", created_at=NOW + 100, expires_at=NOW + 700)
        await store.apply((Insert(records.device_code(**earlier)), Insert(later)))
        assert await store.device_by_user_code("BCDFGHJK") == later


class TestRegistration:
    """What dynamic registration asks for."""

    async def test_tokens(self, store):
        first, second = records.registration_token("first"), records.registration_token("second")
        await store.apply((Insert(second), Insert(first)))
        assert await store.registration_token(digest("first")) == first
        assert await store.registration_token(digest("third")) is None
        assert await store.read_registration_token("second") == second
        assert await store.list_registration_tokens("", 10) == (first, second)
        assert await store.list_registration_tokens("first", 10) == (second,)

    async def test_unused_clients_by_age(self, store):
        notes = [records.unused_client(f"c{n}", created_at=NOW + n // 2) for n in range(6)]
        await store.apply(tuple(map(Insert, notes)))
        assert await store.read_unused_client("c3") == notes[3]
        assert await store.read_unused_client("c9") is None
        assert await store.list_unused_clients(NOW + 1, (0, ""), 3) == tuple(notes[:3])
        assert await store.list_unused_clients(NOW + 1, (NOW + 1, "c2"), 9) == (notes[3],)
        assert await store.count_unused_clients(NOW + 1, 9) == 4
        assert await store.count_unused_clients(NOW, 5) == 5


class TestMissing:
    """What is not there is None, or nothing."""

    async def test_records(self, store):
        assert await store.client("nothing") is None
        assert await store.organization("nothing") is None
        assert await store.project("nothing") is None
        assert await store.read_api("nothing") is None
        assert await store.read_api_by_audience("nothing") is None
        assert await store.read_role_assignment("nothing", "alice") is None
        assert await store.user("nothing") is None
        assert await store.user_by_login_name("nothing") is None
        assert await store.browser(b"nothing") is None
        assert await store.interaction(b"nothing") is None
        assert await store.consent("alice", "nothing") is None

    async def test_standings(self, store):
        assert await store.code(b"nothing") is None
        assert await store.refresh_family(b"nothing") is None
        assert await store.access_token(b"nothing") is None
        assert await store.standing("nothing") is None

    async def test_lists(self, store):
        assert await store.sessions("nothing") == ()
        assert await store.apis("nothing") == ()
        assert await store.role_assignments("nothing", "alice") == ()
        assert await store.usage(("nothing",)) == {}
        assert await store.usage(()) == {}


class TestStandings:
    """Codes, families and tokens come with grant, session and user as of one moment."""

    async def test_of_a_code(self, signed_in):
        await signed_in.apply((Insert(records.code()),))
        expected = CodeStanding(code=records.code(), standing=standing())
        assert await signed_in.code(digest("code")) == expected

    async def test_of_a_code_whatever_became_of_it(self, signed_in):
        await signed_in.apply((Insert(records.code()),))
        await signed_in.apply((Consume(type(records.code()), digest("code"), NOW),))
        await signed_in.apply((RevokeGrant("grant", "x", NOW), RevokeSession("session", "y", NOW)))
        found = await signed_in.code(digest("code"))
        assert found.code.consumed_at == NOW
        assert found.standing.grant.revoked_at == NOW
        assert found.standing.session.revoked_at == NOW

    async def test_of_a_family(self, signed_in):
        await signed_in.apply((Insert(records.family()),))
        expected = FamilyStanding(family=records.family(), standing=standing())
        assert await signed_in.refresh_family(b"family") == expected

    async def test_of_a_token(self, signed_in):
        await signed_in.apply((Insert(records.access_token()),))
        expected = TokenStanding(token=records.access_token(), standing=standing())
        assert await signed_in.access_token(digest("token")) == expected

    async def test_of_a_token_that_no_user_granted(self, store):
        token = records.access_token(grant_id=None, subject="shop-web")
        await store.apply((Insert(token),))
        expected = TokenStanding(token=token, standing=None)
        assert await store.access_token(digest("token")) == expected

    async def test_of_a_token_whose_grant_is_gone_is_none(self, store):
        # It must not pass for a token of client_credentials.
        await store.apply((Insert(records.access_token()),))
        assert await store.access_token(digest("token")) is None

    async def test_of_a_grant(self, signed_in):
        assert await signed_in.standing("grant") == standing()


class TestSessions:
    """Sessions of a browser: those not revoked, last used first."""

    async def test_are_in_order_with_their_users(self, signed_in):
        await signed_in.apply((Insert(records.user("bob")),))
        bobs = records.session("bobs", user_id="bob", last_seen_at=NOW + 5)
        others = records.session("others", browser_id="another")
        ended = records.session("ended", last_seen_at=NOW + 9)
        await signed_in.apply((Insert(bobs), Insert(others), Insert(ended)))
        await signed_in.apply((RevokeSession("ended", "logout", NOW),))
        assert await signed_in.sessions("browser") == (
            SignedIn(session=bobs, user=records.user("bob")),
            SignedIn(session=records.session(), user=records.user()),
        )


class TestPending:
    """Requests that wait for a person are counted by peer and in all, up to a limit."""

    async def test_counts_what_waits(self, store):
        for n in range(4):
            await store.apply((Insert(records.interaction(f"i{n}")),))
        elsewhere = records.interaction("elsewhere", peer="198.51.100.1")
        consumed = records.interaction("consumed")
        expired = records.interaction("expired", expires_at=NOW + 10)
        await store.apply((Insert(elsewhere), Insert(consumed), Insert(expired)))
        await store.apply((Consume(type(consumed), consumed.digest, NOW),))
        count = store.pending_interactions
        assert await count("192.0.2.1", NOW + 10, 100) == 4
        assert await count("192.0.2.1", NOW + 9, 100) == 5
        assert await count("192.0.2.1", NOW + 10, 3) == 3
        assert await count("203.0.113.1", NOW + 10, 100) == 0
        assert await count(None, NOW + 10, 100) == 5
        assert await count(None, NOW + 11, 2) == 2


class TestWebOrigins:
    """The origins that active clients registered, known without reading the clients."""

    async def test_follow_the_clients(self, store):
        first, second = records.client("first"), records.client("second")
        origins = ("https://a.test", "https://b.test")
        first = msgspec.structs.replace(first, web_origins=origins)
        second = msgspec.structs.replace(second, web_origins=origins[:1])
        await store.apply((Insert(first), Insert(second)))
        assert await self.known(store, *origins, "https://c.test") == [True, True, False]
        await store.apply((Update(first, {"web_origins": ("https://c.test",)}),))
        assert await self.known(store, *origins, "https://c.test") == [True, False, True]
        await store.apply((Update(second, {"state": ClientState.INACTIVE}),))
        assert await self.known(store, *origins) == [False, False]

    async def test_of_a_client_that_is_not_active_are_unknown(self, store):
        inactive = records.client(
            "off", state=ClientState.INACTIVE, web_origins=("https://a.test",)
        )
        await store.apply((Insert(inactive),))
        assert await self.known(store, "https://a.test") == [False]

    @staticmethod
    async def known(store: Store, *origins: str) -> list[bool]:
        return [await store.is_web_origin(origin) for origin in origins]


class TestApis:
    """The APIs of an organization are the active ones of all its projects."""

    async def test_are_active_and_in_order(self, store):
        await store.apply(
            (
                Insert(records.project("other")),
                Insert(records.api("z")),
                Insert(records.api("a", project_id="other")),
                Insert(records.api("off", state=State.INACTIVE)),
                Insert(records.organization("elsewhere")),
                Insert(records.project("theirs", organization_id="elsewhere")),
                Insert(records.api("t", organization_id="elsewhere", project_id="theirs")),
            )
        )
        assert [api.id for api in await store.apis("acme")] == ["a", "z"]
        assert (await store.read_api_by_audience("https://z.acme.test")).id == "z"


class TestLists:
    """Lists go by pages in order of the key, filtered, without what is deleted."""

    async def test_of_users(self, store):
        names = [f"user-{n:02}" for n in range(12)]
        await store.apply((Insert(records.organization("other")),))
        await store.apply(tuple(Insert(records.user(name)) for name in names))
        await store.apply((Insert(records.user("user-99", organization_id="other")),))
        await store.apply((Update(records.user("user-05"), {"state": UserState.DELETED}),))
        seen: list[str] = []
        after = ""
        while page := await store.list_users("acme", after, 5):
            seen += [user.id for user in page]
            after = page[-1].id
        assert seen == ["alice", *(name for name in names if name != "user-05")]
        assert [user.id for user in await store.list_users("other", "", 9)] == ["user-99"]
        assert len(await store.list_users(None, "", 100)) == 13

    async def test_of_clients(self, store):
        robot = records.client("robot", kind=ClientKind.SERVICE_ACCOUNT, project_id=None)
        gone = records.client("gone", state=ClientState.DELETED)
        await store.apply((Insert(robot), Insert(gone), Insert(records.client("second"))))
        application, account = ClientKind.APPLICATION, ClientKind.SERVICE_ACCOUNT
        found = await store.list_clients(application, "acme", "shop", "", 10)
        assert [client.client_id for client in found] == ["second", "shop-web"]
        assert await store.list_clients(account, None, None, "", 10) == (robot,)
        assert await store.list_clients(application, None, None, "second", 10) == found[1:]

    async def test_of_organizations_projects_and_apis(self, store):
        await store.apply((Insert(records.organization("other")), Insert(records.api())))
        assert len(await store.list_organizations("", 10)) == 2
        assert await store.list_organizations("acme", 10) == (records.organization("other"),)
        assert await store.list_projects("acme", "", 10) == (records.project(),)
        assert await store.list_projects("other", "", 10) == ()
        assert await store.list_projects(None, "", 10) == (records.project(),)
        assert await store.list_apis("acme", "shop", "", 10) == (records.api(),)
        assert await store.list_apis(None, "other", "", 10) == ()

    async def test_of_role_assignments(self, store):
        await store.apply((Insert(records.role_assignment()),))
        found = (records.role_assignment(),)
        assert await store.role_assignments("shop", "alice") == found
        assert await store.read_role_assignment("shop", "alice") == found[0]
        assert await store.list_role_assignments("shop", "alice", "", 10) == found
        assert await store.list_role_assignments(None, "alice", "", 10) == found
        assert await store.list_role_assignments(None, "bob", "", 10) == ()


class TestConfiguration:
    """The instance's own decisions are there from the first migration on."""

    async def test_is_stored_by_migrating(self, bare):
        assert await bare.configuration() == Configuration(updated_at=NOW)
        assert await bare.policies("acme") == Policies()

    async def test_changes_by_update(self, bare):
        changes = {"policies": {"token_lifetimes": {"code": 30}, "lockout": {"free_attempts": 9}}}
        await bare.apply((Update(await bare.configuration(), changes),))
        policies = await bare.policies("acme")
        assert policies.token_lifetimes.code == 30
        assert policies.token_lifetimes.access_token == 300
        assert policies.lockout.free_attempts == 9
        assert policies.password == Policies().password

    def test_of_a_newer_version_is_understood_as_far_as_it_goes(self):
        newer = {"token_lifetimes": {"code": 30, "quantum": 1}, "quantum": {"on": True}}
        assert merge_policies(newer).token_lifetimes.code == 30

    def test_of_the_wrong_type_is_an_error(self):
        with pytest.raises(msgspec.ValidationError):
            merge_policies({"token_lifetimes": {"code": "soon"}})


class TestForwardCompatibility:
    """Rows of the version before and of the version after can be read."""

    def test_a_field_that_the_row_does_not_know_has_its_default(self):
        codec = codec_of(type(records.client()))
        *columns, rest = codec.encode(records.client(require_pkce=False))
        older = {k: v for k, v in msgspec.json.decode(rest).items() if k != "require_pkce"}
        row = (*columns, msgspec.json.encode(older).decode())
        assert codec.decode(row).require_pkce is True

    def test_a_field_that_the_record_does_not_know_is_left_out(self):
        codec = codec_of(type(records.client()))
        *columns, rest = codec.encode(records.client())
        newer = msgspec.json.decode(rest) | {"invented": 1}
        assert codec.decode((*columns, msgspec.json.encode(newer).decode())) == records.client()


INJECTIONS = [
    "' OR '1'='1",
    '"; DROP TABLE users; --',
    "alice'; DELETE FROM events; --",
    "%",
    "_lice",
    "{0}%s%n${jndi:ldap://x}",
    "alice\\",
    "?1 $1 :name @x",
]


@pytest.mark.parametrize("text", INJECTIONS)
async def test_no_text_is_ever_part_of_a_statement(store, text):
    # LO-10, AD-11
    before = await store.counts()
    assert await store.client(text) is None
    assert await store.user_by_login_name(text) is None
    assert await store.list_users(text, "", 10) == ()
    assert await store.usage((text,)) == {}
    assert await store.list_events((text,), None, 10) == ()
    strange = records.client(text, client_name=text)
    await store.apply((Insert(strange),))
    assert await store.client(text) == strange
    assert await store.counts() == before | {"clients": before["clients"] + 1}


async def test_tickets_are_found_by_secret_id_user_and_flow(store):
    old = records.ticket("t-1", consumed_at=records.NOW)
    new = records.ticket("t-2", created_at=records.NOW + 1)
    other = records.ticket("t-3", purpose=Purpose.INVITATION, organization_id="b", flow=None)
    await store.apply(tuple(map(Insert, (old, new, other))))
    assert await store.ticket(old.digest) == old
    assert await store.ticket_by_id("t-2") == new
    assert await store.unused_ticket("alice", Purpose.PASSWORD_RESET) == new
    assert await store.ticket_of_flow(records.digest("flow"), Purpose.PASSWORD_RESET) == new
    assert await store.unused_ticket("alice", Purpose.REGISTRATION) is None
    assert await store.list_tickets(None, Purpose.PASSWORD_RESET, "", 9) == (new,)
    assert await store.list_tickets("b", Purpose.INVITATION, "", 9) == (other,)
    assert await store.list_tickets("b", Purpose.INVITATION, "t-3", 9) == ()
    kept = await store.list_tickets_of_user("alice", Purpose.PASSWORD_RESET, "", 9)
    assert kept == (old, new)
    assert await store.list_tickets_of_user("alice", Purpose.PASSWORD_RESET, "t-1", 9) == (new,)
    assert await store.list_tickets_of_user("bob", Purpose.PASSWORD_RESET, "", 9) == ()


async def test_a_message_is_forgotten_by_its_topic_and_id(store):
    for number in range(2):
        await store.apply((Enqueue("mail", {"number": number}, records.NOW),))
    first, second = await store.list_messages("mail", 0, 9, failed=False)
    assert not await store.delete_message("other", first.id)
    assert await store.delete_message("mail", first.id)
    assert not await store.delete_message("mail", first.id)
    assert await store.list_messages("mail", 0, 9, failed=False) == (second,)
