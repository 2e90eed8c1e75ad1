"""Attacks on passkeys (WA): every check of WebAuthn 7.1 and 7.2 refuses what it is for."""

import json
from contextlib import AsyncExitStack

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fido2 import cbor
from fido2.cose import RS256

from ostiary.identity.passkeys import MAX_OCTETS
from ostiary.jose import base64url
from ostiary.model.factor import FactorKind
from ostiary.model.user import UserState
from support.authenticator import AT, BE, BS, ORIGIN, UP, UV, Authenticator, options_of
from support.factors import Person, form_of
from support.instance import Browser, open_instance


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


@pytest.fixture
async def browsers(instance):
    async with AsyncExitStack() as stack:

        async def open_browser(**fields: str) -> Browser:
            return await stack.enter_async_context(instance.browser(**fields))

        yield open_browser


@pytest.fixture
async def device(browsers) -> Authenticator:
    """Alice's passkey."""
    person = await Person.begin(await browsers())
    await person.sign_in(passkey="on")
    return (await person.enrol_passkey())[0]


@pytest.fixture
async def person(browsers) -> Person:
    """Somebody who has not signed in."""
    return await Person.begin(await browsers())


async def refuse(person: Person, device: Authenticator, **changes: object) -> None:
    answer = await person.use_passkey(device, **changes)
    assert answer.status_code == 403, changes
    assert "could not be accepted" in answer.text
    assert await person.browser.sessions() == []


async def register(person: Person, device: Authenticator, **changes: object) -> int:
    """Send what the browser returned of a registration; return the status."""
    page = await person.get("/login/enrol/passkey")
    action, fields = form_of(page, "/login/enrol/passkey")
    made = device.create(options_of(page.text), **changes)
    return (await person.browser.post(action, {**fields, "credential": made})).status_code


@pytest.fixture
async def enrolling(browsers) -> Person:
    """Alice, who sets something up."""
    person = await Person.begin(await browsers(), prompts=("enrol",))
    await person.sign_in()
    return person


async def test_a_passkey_signs_in_by_itself(person, device):
    assert (await person.use_passkey(device)).status_code == 303
    assert (await person.go_on()).startswith("https://blog.test/")


async def test_lo_02_the_sign_in_page_names_nobodys_passkeys(person, device):
    options = options_of((await person.get("/login")).text)
    assert options["allowCredentials"] == []
    assert options["rpId"] == "id.test"
    assert options["userVerification"] == "required"


async def test_wa_01_a_user_who_is_not_verified(person, device):
    await refuse(person, device, flags=UP | BE | BS)
    await refuse(person, device, flags=UV | BE | BS)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "https://id.test.evil.test",
        "http://id.test",
        "https://sub.id.test",
        "https://id.test:444",
        "https://id.test/",
        "",
    ],
)
async def test_wa_03_another_origin(person, device, origin):
    await refuse(person, device, origin=origin)


@pytest.mark.parametrize(
    "changes",
    [{"crossOrigin": True}, {"topOrigin": ORIGIN}, {"crossOrigin": "false"}],
    ids=str,
)
async def test_wa_03_in_the_frame_of_another_site(person, device, changes):
    await refuse(person, device, **changes)


async def test_wa_03_another_relying_party(person, device):
    device.rp_id = "evil.test"
    await refuse(person, device)


class TestChallenges:
    """WA-04: one use, one purpose, one flow, one browser, five minutes."""

    async def challenge(self, person: Person, path: str = "/login") -> str:
        return options_of((await person.get(path)).text)["challenge"]

    async def test_wa_04_a_challenge_has_128_random_bits(self, person):
        challenges = {await self.challenge(person) for _ in range(3)}
        assert len(challenges) == 3
        assert all(len(base64url.decode(one)) >= 22 for one in challenges)

    async def test_wa_04_used_before(self, person, device, browsers):
        challenge = await self.challenge(person)
        page = await person.get("/login")
        action, fields = form_of(page, "/login/passkey")
        sent = {**fields, "credential": device.get({}, challenge=challenge)}
        assert (await person.browser.post(action, sent)).status_code == 303
        sessions = await person.browser.sessions()
        again = {**fields, "credential": device.get({}, challenge=challenge)}
        await person.browser.post(action, again)
        assert [one.proofs for one in await person.browser.sessions()] == [
            one.proofs for one in sessions
        ]

    async def test_wa_04_of_another_browser(self, person, device, browsers):
        other = await Person.begin(await browsers())
        await refuse(person, device, challenge=await self.challenge(other))

    async def test_wa_04_of_another_flow(self, person, device):
        other = await Person.begin(person.browser)
        await refuse(person, device, challenge=await self.challenge(other))

    async def test_wa_04_of_a_registration(self, enrolling):
        options = options_of((await enrolling.get("/login/enrol/passkey")).text)
        device, _ = await enrolling.enrol_passkey()
        answer = await enrolling.use_passkey(device, challenge=options["challenge"])
        assert answer.status_code == 403
        assert (await enrolling.use_passkey(device)).status_code == 303

    async def test_wa_04_of_a_sign_in_for_a_registration(self, enrolling):
        challenge = await self.challenge(enrolling)
        assert await register(enrolling, Authenticator(), challenge=challenge) == 403

    async def test_wa_04_expired(self, person, device, instance):
        page = await person.get("/login")
        action, fields = form_of(page, "/login/passkey")
        credential = device.get(options_of(page.text))
        instance.clock.time += 300
        answer = await person.browser.post(action, {**fields, "credential": credential})
        assert answer.status_code == 403

    @pytest.mark.parametrize("challenge", ["", "AA", "A" * 43, "A" * 4000])
    async def test_wa_04_empty_short_or_made_up(self, person, device, challenge):
        await refuse(person, device, challenge=challenge)

    async def test_a_page_that_was_open_for_long_gets_a_new_one(self, person, device, instance):
        instance.clock.time += 400
        answer = await person.get("/login/passkey/options")
        assert answer.headers["content-type"] == "application/json"
        page = await person.get("/login")
        action, fields = form_of(page, "/login/passkey")
        sent = {**fields, "credential": device.get(answer.json())}
        assert (await person.browser.post(action, sent)).status_code == 303


class TestOwnership:
    """WA-05: a passkey is one person's."""

    async def test_wa_05_another_key(self, person, device):
        await refuse(person, device, key=ec.generate_private_key(ec.SECP256R1()))

    async def test_wa_05_another_user_handle(self, person, device):
        await refuse(person, device, user_handle=b"x" * 32)

    async def test_wa_05_a_credential_that_nobody_has(self, person):
        await refuse(person, Authenticator(user_handle=b"x" * 32))

    async def test_wa_05_a_credential_id_that_exists(self, browsers, device, instance):
        await instance.add_user("mallory")
        mallory = await Person.begin(await browsers(), "mallory", prompts=("enrol",))
        await mallory.sign_in()
        copy = Authenticator(credential_id=device.credential_id)
        assert await register(mallory, copy) == 409
        (kept,) = [
            one
            for one in await instance.store.factors("user-alice")
            if one.kind is FactorKind.PASSKEY
        ]
        assert kept.credential.credential_id == device.credential_id
        assert await instance.store.factors("user-mallory") == ()

    async def test_wa_05_the_second_factor_of_somebody_else(self, browsers, device, instance):
        """It signs in as its owner, and proves nothing of whoever was asked."""
        await instance.add_user("mallory")
        mallory = await Person.begin(await browsers(), "mallory", prompts=("enrol",))
        await mallory.sign_in()
        theirs, _ = await mallory.enrol_passkey()
        victim = await Person.begin(await browsers())
        assert await victim.sign_in() == "/login/passkey"
        await victim.use_passkey(theirs, "/login/passkey")
        sessions = {one.user_id: one.proofs for one in await victim.browser.sessions()}
        assert [proof.kind for proof in sessions["user-alice"]] == ["password"]

    @pytest.mark.parametrize("state", [UserState.LOCKED, UserState.DEACTIVATED])
    async def test_lo_01_who_may_not_sign_in_is_told_what_everybody_is_told(
        self, person, device, instance, state
    ):
        await instance.change(await instance.user("alice"), state=state)
        await refuse(person, device)

    async def test_a_counter_that_did_not_move_is_a_clone(self, person, device, instance):
        assert (await person.use_passkey(device)).status_code == 303
        other = await Person.begin(person.browser)
        answer = await other.use_passkey(device, step=0)
        assert answer.status_code == 403
        (event,) = await instance.events("auth.login.failure")
        assert (event.reason, event.user_id) == ("sign_count", "user-alice")

    async def test_a_passkey_that_changes_its_nature_is_refused(self, person, device):
        await refuse(person, device, flags=UP | UV)
        await refuse(person, device, flags=UP | UV | BS)


class TestRegistration:
    """WA-06, WA-07, WA-08: what is no proper registration adds nothing."""

    async def test_an_honest_one_is_accepted(self, enrolling):
        assert await register(enrolling, Authenticator()) == 200

    @pytest.mark.parametrize(
        "changes",
        [
            {"fmt": "unheard-of"},
            {"fmt": "none", "stmt": {"alg": -7}},
            {"flags": UP},
            {"flags": UV},
            {"flags": UP | UV | BS},
            {"origin": "https://evil.test"},
            {"type": "webauthn.get"},
            {"crossOrigin": True},
            {"attested": b""},
            {"attested": bytes(18)},
        ],
        ids=str,
    )
    async def test_wa_06_what_is_not_as_asked_for(self, enrolling, changes, instance):
        assert await register(enrolling, Authenticator(), **changes) == 403
        assert (await instance.user("alice")).factors == ()

    @pytest.mark.parametrize("alg", [-65535, -47, -37, 1, 0, "x"])
    async def test_wa_06_an_algorithm_that_was_not_offered(self, enrolling, alg):
        device = Authenticator()
        cose = cbor.encode({1: 2, 3: alg, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
        assert await register(enrolling, device, attested=device.attested(cose)) == 403

    @pytest.mark.parametrize(
        "cose",
        [
            {1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x01" * 32},  # no point of the curve
            {1: 2, 3: -7, -1: 2, -2: b"x" * 32, -3: b"y" * 32},
            {1: 2, 3: -7},
            {1: 3, 3: -257, -1: b"\x01" * 128, -2: b"\x01\x00\x01"},
            {1: 1, 3: -8, -1: 6, -2: b"x"},
        ],
        ids=range(5),
    )
    async def test_wa_06_a_key_that_verifies_nothing(self, enrolling, cose):
        device = Authenticator()
        attested = device.attested(cbor.encode(cose))
        assert await register(enrolling, device, attested=attested) == 403

    async def test_an_rsa_key_of_2048_bits_is_good(self, enrolling):
        device = Authenticator()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        cose = cbor.encode(RS256.from_cryptography_key(key.public_key()))
        assert await register(enrolling, device, attested=device.attested(cose)) == 200

    @pytest.mark.parametrize(
        "attestation",
        [
            b"\x81" * 7000,  # arrays in arrays
            b"\xbb" + b"\xff" * 8,
            b"\x5a\x40\x00\x00\x00",  # a gigabyte
            b"\xbf\x00\x00\xff",
            b"\x00",
            b"\xa0",
            b"\xff",
            b"\x9f",
            b"\xa3" + b"\x63fmt\x64none" * 3,
        ],
        ids=range(9),
    )
    async def test_wa_07_hostile_cbor(self, enrolling, attestation):
        assert await register(enrolling, Authenticator(), attestation=attestation) == 403

    async def test_wa_07_octets_after_the_end(self, enrolling):
        device = Authenticator()
        options = options_of((await enrolling.get("/login/enrol/passkey")).text)
        made = json.loads(device.create(options))
        whole = base64url.decode(made["response"]["attestationObject"])
        assert await register(enrolling, device, attestation=whole + b"\x00") == 403
        assert await register(enrolling, device, attested=device.attested() + b"\x00") == 403

    async def test_wa_07_a_key_twice_in_a_map(self, enrolling):
        device = Authenticator()
        data = device.data(device.flags | AT, device.attested())
        honest = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        twice = b"\xa4" + honest[1:] + cbor.encode("fmt") + cbor.encode("none")
        assert await register(enrolling, device, attestation=twice) == 403

    async def test_wa_07_too_large(self, enrolling, person):
        assert await register(enrolling, Authenticator(), attestation=b"\x00" * 9000) == 403
        action, fields = form_of(await person.get("/login"), "/login/passkey")
        large = {**fields, "credential": "x" * (MAX_OCTETS + 1)}
        assert (await person.browser.post(action, large)).status_code == 403

    @pytest.mark.parametrize(
        "client",
        [
            b'\xef\xbb\xbf{"type":"webauthn.create"}',
            b'{"type":"webauthn.create","type":"webauthn.get","challenge":"","origin":""}',
            b"[]",
            b"",
            b"\xff",
            b"{",
        ],
        ids=range(6),
    )
    async def test_wa_08_client_data_that_is_odd(self, enrolling, client):
        assert await register(enrolling, Authenticator(), client=client or b" ") == 403

    @pytest.mark.parametrize(
        "credential",
        ["", "{}", "[]", "null", '{"rawId": 1, "response": {}}', '{"rawId":"","response":[]}', "{"],
    )
    async def test_wa_08_what_is_no_credential(self, enrolling, person, credential):
        for someone, page_path, path in (
            (enrolling, "/login/enrol/passkey", "/login/enrol/passkey"),
            (person, "/login", "/login/passkey"),
        ):
            action, fields = form_of(await someone.get(page_path), path)
            sent = {**fields, "credential": credential}
            assert (await someone.browser.post(action, sent)).status_code == 403

    async def test_wa_09_a_name_is_shown_and_told_as_text(self, enrolling, instance):
        page = await enrolling.get("/login/enrol/passkey")
        action, fields = form_of(page, "/login/enrol/passkey")
        name = 'x\n{"level":"info"}\x1b[31m<script>\u202e' + "y" * 100
        credential = Authenticator().create(options_of(page.text))
        await enrolling.browser.post(action, {**fields, "credential": credential, "name": name})
        (factor,) = [
            one
            for one in await instance.store.factors("user-alice")
            if one.kind is FactorKind.PASSKEY
        ]
        assert factor.name == 'x {"level":"info"} [31m<script> ' + "y" * 32
        (event,) = await instance.events("factor.added")
        assert "level" not in str(event.details)

    async def test_an_account_has_at_most_twenty(self, enrolling, instance):
        for _ in range(20):
            assert await register(enrolling, Authenticator()) in {200, 303}
        assert await register(enrolling, Authenticator()) == 409
