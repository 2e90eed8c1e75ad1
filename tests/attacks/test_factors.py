"""Attacks on further factors: skipping them, guessing codes, weakening an account (MF)."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from ostiary.identity import passwords, totp
from ostiary.model.factor import Factor, FactorKind, RecoveryCodes
from ostiary.model.session import ProofKind
from ostiary.oauth.authorization.strength import FRESH
from ostiary.oauth.effects import Count, Delete
from ostiary.store.engine import query
from support.factors import CONTINUE, Person, form_of, mails_of
from support.instance import CHEAP, ENTROPY, PASSWORD, Browser, Instance, hidden, open_instance

PAGES = (
    "/login/factor",
    "/login/other-way",
    "/login/totp",
    "/login/email-code",
    "/login/recovery-code",
    "/login/passkey",
    "/login/enrol",
    "/login/enrol/passkey",
    "/login/enrol/totp",
    "/login/enrol/email-code",
    "/consent",
    "/login/select",
)


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        user = await instance.user("alice")
        await instance.change(user, email_verified=True)
        yield instance


@pytest.fixture
async def browsers(instance):
    async with AsyncExitStack() as stack:

        async def open_browser(**fields: str) -> Browser:
            return await stack.enter_async_context(instance.browser(**fields))

        yield open_browser


@pytest.fixture
async def browser(browsers):
    return await browsers()


@pytest.fixture
async def secret(browsers) -> bytes:
    """Alice has an authenticator app, whose current code was used."""
    person = await Person.begin(await browsers(ip="192.0.2.9"))
    await person.sign_in(passkey="on")
    secret, codes = await person.enrol_totp()
    assert len(codes) == 10
    return secret


async def set_policy(instance: Instance, **policies: dict) -> None:
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies=policies)
    await instance.store.revalidate()


class TestSkipping:
    """MF-01: nothing but a proof completes a step."""

    @pytest.mark.parametrize("path", PAGES)
    async def test_mf_01_no_page_leads_past_the_second_factor(self, browser, secret, path):
        person = await Person.begin(browser)
        assert await person.sign_in() == "/login/totp"
        answer = await person.get(path)
        assert answer.status_code in {200, 303}
        assert "code=" not in answer.headers.get("location", "")
        assert await person.go_on() == "/login/totp"
        (session,) = await browser.sessions()
        assert [proof.kind for proof in session.proofs] == [ProofKind.PASSWORD]

    async def test_mf_01_the_consent_cannot_be_given_before(self, browser, secret, instance):
        instance.clock.time += 60
        person = Person(browser, await browser.open_flow("shop"))
        await person.sign_in()
        await person.type_totp(secret)
        page = await person.get("/consent")
        # Signing in once more, with the page for consent still open.
        await browser.sign_in(flow=person.flow)
        assert (await person.get("/consent")).headers["location"].startswith(CONTINUE)
        sent = {**hidden(page), "decision": "allow"}
        answer = await browser.post(f"/consent?flow={person.flow}", sent)
        assert answer.headers["location"].startswith(CONTINUE)
        assert await person.go_on() == "/login/totp"
        assert await instance.store.consent("user-alice", "shop") is None

    @pytest.mark.parametrize("otp", ["", " ", "000000", "abcdef", "1" * 5000])
    async def test_mf_01_an_empty_or_wrong_code_is_no_proof(self, browser, secret, otp):
        person = await Person.begin(browser)
        await person.sign_in()
        answer = await person.fill_in("/login/totp", otp=otp)
        assert answer.status_code in {400, 403}
        assert await person.go_on() == "/login/totp"

    async def test_mf_01_the_form_of_an_earlier_step_does_not_complete_this_one(
        self, browser, secret
    ):
        person = await Person.begin(browser)
        page = await person.get("/login")
        fields = {**hidden(page), "username": "alice", "password": PASSWORD}
        for _ in range(2):
            await browser.post(f"/login?flow={person.flow}", fields)
        forged = await browser.post(f"/login/totp?flow={person.flow}", {**fields, "otp": "000000"})
        assert forged.status_code == 403
        assert await person.go_on() == "/login/totp"

    async def test_mf_01_nothing_works_before_the_password(self, browser, secret):
        person = await Person.begin(browser)
        for path in PAGES:
            answer = await person.get(path)
            if path != "/login/passkey":
                assert answer.status_code == 303, path
        assert await person.go_on() == "/login"
        assert await browser.sessions() == []

    async def test_mf_12_no_header_skips_the_second_factor(self, browser, secret):
        person = await Person.begin(browser)
        await person.sign_in()
        headers = {"X-Internal": "1", "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
        answer = await browser.get(f"{CONTINUE}?flow={person.flow}", **headers)
        assert answer.headers["location"].startswith("/login/factor")

    async def test_mf_03_single_sign_on_does_not_skip_what_a_policy_demands(
        self, browser, instance
    ):
        person = await Person.begin(browser)
        assert (await person.sign_in()).startswith("https://blog.test/cb?")
        await set_policy(instance, mfa={"required": "always"})
        other = await Person.begin(browser)
        assert await other.go_on() == "/login/enrol"
        silent = await Person.begin(browser, prompts=("none",))
        assert "error=interaction_required" in await silent.go_on()

    async def test_mf_03_single_sign_on_asks_for_the_second_factor_too(self, browser, secret):
        person = await Person.begin(browser)
        await person.sign_in()
        other = await Person.begin(browser)
        assert await other.go_on() == "/login/totp"
        silent = await Person.begin(browser, prompts=("none",))
        assert "error=login_required" in await silent.go_on()

    async def test_mf_01_signing_in_again_asks_for_the_second_factor_again(
        self, browser, secret, instance
    ):
        instance.clock.time += 60
        person = await Person.begin(browser)
        await person.sign_in()
        await person.type_totp(secret)
        assert (await person.go_on()).startswith("https://blog.test/")
        again = await Person.begin(browser, prompts=("login",))
        assert await again.go_on() == "/login"
        assert await again.sign_in() == "/login/totp"


class TestEnrolling:
    """MF-04, MF-05, MF-13: nobody weakens an account with less than what it has."""

    async def test_mf_04_no_second_factor_is_added_with_a_password_alone(self, browser, secret):
        person = await Person.begin(browser, prompts=("enrol",))
        assert await person.sign_in() == "/login/totp"
        for path in ("/login/enrol", "/login/enrol/passkey", "/login/enrol/email-code"):
            answer = await person.get(path)
            assert answer.headers["location"].startswith("/login/totp?"), path

    async def test_mf_04_a_trusted_device_is_not_enough(self, browser, secret, instance):
        instance.clock.time += 60
        first = await Person.begin(browser)
        await first.sign_in()
        await first.type_totp(secret, remember="on")
        instance.clock.time += 400
        person = await Person.begin(browser, prompts=("login", "enrol"))
        assert await person.sign_in() == "/login/totp"

    async def test_mf_05_an_old_session_signs_in_again_first(self, browser, secret, instance):
        instance.clock.time += 60
        person = await Person.begin(browser)
        await person.sign_in()
        await person.type_totp(secret)
        await person.go_on()
        instance.clock.time += 301
        later = await Person.begin(browser, prompts=("enrol",))
        assert await later.go_on() == "/login"
        for path in ("/login/enrol", "/login/enrol/passkey"):
            assert (await later.get(path)).headers["location"].startswith("/login?")

    async def test_mf_13_the_secret_of_another_flow_is_refused(self, browser, browsers, instance):
        await instance.add_user("mallory")
        mallory = await Person.begin(await browsers(), "mallory", prompts=("enrol",))
        await mallory.sign_in()
        theirs = form_of(await mallory.get("/login/enrol/totp"), "/login/enrol/totp")[1]["setup"]
        alice = await Person.begin(browser, prompts=("enrol",))
        await alice.sign_in()
        page = await alice.get("/login/enrol/totp")
        action, fields = form_of(page, "/login/enrol/totp")
        for code in ("123456", "000000"):
            answer = await browser.post(action, {**fields, "setup": theirs, "otp": code})
            assert answer.status_code == 403
        assert (await instance.user("alice")).factors == ()

    async def test_mf_13_a_form_from_elsewhere_adds_nothing(self, browser, instance):
        person = await Person.begin(browser, prompts=("enrol",))
        await person.sign_in()
        action, fields = form_of(await person.get("/login/enrol/totp"), "/login/enrol/totp")
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
            answer = await browser.post(action, {**fields, "otp": "123456"}, headers)
            assert answer.status_code == 403
        without = {name: value for name, value in fields.items() if name != "form_token"}
        assert (await browser.post(action, {**without, "otp": "123456"})).status_code == 403
        assert (await instance.user("alice")).factors == ()


class TestGuessing:
    """MF-06: five wrong codes in a quarter of an hour, whatever the way."""

    async def test_mf_06_five_codes_over_all_flows_and_browsers(self, browsers, secret, instance):
        answers = []
        for _ in range(7):
            person = await Person.begin(await browsers())
            await person.sign_in()
            answers.append((await person.fill_in("/login/totp", otp="000000")).status_code)
        assert answers == [403] * 5 + [429] * 2
        last = await Person.begin(await browsers())
        await last.sign_in()
        instance.clock.time += 30
        assert (await last.type_totp(secret)).status_code == 429  # a right one is not looked at
        wrong = await last.fill_in("/login/recovery-code", recovery_code="AAAAA-" * 3 + "AAAAA")
        assert wrong.status_code == 429
        events = await instance.events("auth.factor.failure")
        assert {event.reason for event in events} == {"wrong_code", "throttled"}
        instance.clock.time += 900
        assert (await last.type_totp(secret)).status_code == 303

    async def test_mf_06_parallel_guesses_are_counted_before_they_are_looked_at(
        self, browsers, secret, instance
    ):
        people = []
        for _ in range(8):
            person = await Person.begin(await browsers())
            await person.sign_in()
            people.append(person)
        pages = [await person.get("/login/totp") for person in people]
        forms = [form_of(page, "/login/totp") for page in pages]
        sent = (
            person.browser.post(action, {**fields, "otp": "000000"})
            for person, (action, fields) in zip(people, forms, strict=True)
        )
        answers = await asyncio.gather(*sent)
        assert sorted(answer.status_code for answer in answers) == [403] * 5 + [429] * 3

    async def test_mf_06_the_count_outlives_the_process(self, browsers, secret, instance):
        person = await Person.begin(await browsers())
        await person.sign_in()
        for _ in range(5):
            await person.fill_in("/login/totp", otp="000000")
        usage = await instance.store.usage(("factor:user-alice",))
        assert usage["factor:user-alice"].count == 5

    async def test_mf_06_a_hundred_failures_in_a_week_close_it(self, browser, secret, instance):
        await instance.apply(
            *(
                Count("factor:user-alice:week", 1000, 7 * 86400, instance.clock.time)
                for _ in range(99)
            )
        )
        person = await Person.begin(browser)
        await person.sign_in()
        assert (await person.fill_in("/login/totp", otp="000000")).status_code == 403
        answer = await person.fill_in("/login/totp", otp="000000")
        assert answer.status_code == 429
        assert "passkey" in answer.text

    async def test_lo_05_guesses_of_others_do_not_count_on_the_owners_device(
        self, browser, browsers, secret, instance
    ):
        instance.clock.time += 60
        owner = await Person.begin(browser)
        await owner.sign_in()
        await owner.type_totp(secret)
        stranger = await Person.begin(await browsers(ip="198.51.100.7"))
        await stranger.sign_in()
        for _ in range(6):
            await stranger.fill_in("/login/totp", otp="000000")
        instance.clock.time += 60
        again = await Person.begin(browser, prompts=("login",))
        await again.sign_in()
        assert (await again.type_totp(secret)).status_code == 303

    async def test_mf_06_a_password_alone_makes_no_known_device(self, browser, secret, instance):
        """Or every fresh sign-in would bring five new tries."""
        for expected in [403] * 5 + [429]:
            person = await Person.begin(browser, prompts=("login",))
            await person.sign_in()
            answer = await person.fill_in("/login/totp", otp="000000")
            assert answer.status_code == expected

    async def test_lo_05_passkeys_are_never_locked_out(self, browsers, browser, instance):
        person = await Person.begin(browser)
        await person.sign_in(passkey="on")
        device, _ = await person.enrol_passkey()
        person = await Person.begin(await browsers())
        for _ in range(30):
            await person.use_passkey(device, challenge="AAAA")
        await instance.apply(Count("login:user-alice", 1000, 900, instance.clock.time))
        assert (await person.use_passkey(device)).status_code == 303
        assert (await person.go_on()).startswith("https://blog.test/")


class TestCodes:
    """RFC 6238, 5.2; MF-09; MF-10: a code is good once, and for one thing."""

    async def test_a_code_of_an_app_is_good_once(self, browser, browsers, secret, instance):
        instance.clock.time += 60
        first = await Person.begin(browser)
        await first.sign_in()
        assert (await first.type_totp(secret)).status_code == 303
        second = await Person.begin(await browsers())
        await second.sign_in()
        assert (await second.type_totp(secret)).status_code == 403

    async def test_a_code_of_an_app_is_good_once_in_parallel(self, browsers, secret, instance):
        instance.clock.time += 60
        code = totp.make_code(secret, instance.clock.time // totp.STEP)
        sent = []
        for _ in range(4):
            person = await Person.begin(await browsers())
            await person.sign_in()
            action, fields = form_of(await person.get("/login/totp"), "/login/totp")
            sent.append(person.browser.post(action, {**fields, "otp": code}))
        answers = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert answers.count(303) == 1

    async def test_mf_09_a_recovery_code_is_good_once_however_it_is_spelt(self, browsers, instance):
        person = await Person.begin(await browsers())
        await person.sign_in(passkey="on")
        _, codes = await person.enrol_totp()
        assert len(set(codes)) == 10
        spellings = [codes[0], codes[0].lower(), codes[0].replace("-", " "), f"  {codes[0]} "]
        for number, spelling in enumerate(spellings):
            other = await Person.begin(await browsers())
            await other.sign_in()
            answer = await other.fill_in("/login/recovery-code", recovery_code=spelling)
            assert answer.status_code == (403 if number else 303)
        stored = await instance.store.factor("recovery_code:user-alice")
        assert isinstance(stored.credential, RecoveryCodes)
        assert len(stored.credential.digests) == 9
        assert all(len(digest) == 32 for digest in stored.credential.digests)
        assert "recovery_code_used" in {mail["template"] for mail in await mails_of(person.browser)}

    async def test_mf_09_a_recovery_code_is_good_once_in_parallel(self, browsers):
        person = await Person.begin(await browsers())
        await person.sign_in(passkey="on")
        _, codes = await person.enrol_totp()
        sent = []
        for _ in range(4):
            other = await Person.begin(await browsers())
            await other.sign_in()
            page = await other.get("/login/recovery-code")
            action, fields = form_of(page, "/login/recovery-code")
            sent.append(other.browser.post(action, {**fields, "recovery_code": codes[3]}))
        answers = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert answers.count(303) == 1

    async def test_mf_09_new_recovery_codes_end_the_old_ones(self, browser, browsers):
        person = await Person.begin(browser, prompts=("enrol",))
        await person.sign_in()
        _, old = await person.enrol_totp()
        later = await Person.begin(browser, prompts=("enrol",))
        answer = await later.fill_in("/login/enrol", "/login/enrol/recovery-codes")
        assert answer.text.count("<li><code>") == 10
        other = await Person.begin(await browsers())
        await other.sign_in()
        answer = await other.fill_in("/login/recovery-code", recovery_code=old[0])
        assert answer.status_code == 403


class TestMailedCodes:
    """MF-10: codes by mail."""

    @pytest.fixture
    async def person(self, browser) -> Person:
        """Alice gets codes by mail, and is asked for one."""
        first = await Person.begin(browser, prompts=("enrol",))
        await first.sign_in()
        await first.fill_in("/login/enrol/email-code", "/login/enrol/email-code/send")
        code = await first.mailed_code()
        assert (await first.fill_in("/login/enrol/email-code", code=code)).status_code == 200
        person = await Person.begin(browser, prompts=("login",))
        assert await person.sign_in() == "/login/email-code"
        return person

    async def send(self, person: Person) -> int:
        answer = await person.fill_in("/login/email-code", "/login/email-code/send")
        return answer.status_code

    async def test_a_mailed_code_is_a_second_factor(self, person, instance):
        assert await self.send(person) == 303
        answer = await person.fill_in("/login/email-code", code=await person.mailed_code())
        assert answer.status_code == 303
        assert (await person.go_on()).startswith("https://blog.test/")

    async def test_mf_10_neither_database_nor_outbox_hold_the_code(self, person, instance):
        await self.send(person)
        code = await person.mailed_code()
        assert code not in str(await mails_of(person.browser))
        for table in ("interactions", "outbox", "events", "factors"):
            rows = await instance.store._engine.rows(query(f"SELECT * FROM {table}"))
            assert code not in str(rows)

    async def test_mf_10_the_code_of_another_flow_is_refused(self, person, browsers):
        other = await Person.begin(await browsers())
        await other.sign_in()
        await self.send(person)
        code = await person.mailed_code()
        await self.send(other)
        assert (await other.fill_in("/login/email-code", code=code)).status_code == 403

    async def test_mf_10_only_the_last_code_counts(self, person):
        await self.send(person)
        old = await person.mailed_code()
        await self.send(person)
        assert (await person.fill_in("/login/email-code", code=old)).status_code == 403
        new = await person.mailed_code()
        assert (await person.fill_in("/login/email-code", code=new)).status_code == 303

    async def test_mf_10_a_code_ends_after_ten_minutes(self, person, instance):
        await self.send(person)
        code = await person.mailed_code()
        action, fields = form_of(await person.get("/login/email-code"), "/login/email-code")
        instance.clock.time += 600
        answer = await person.browser.post(action, {**fields, "code": code})
        assert answer.status_code == 403

    async def test_mf_10_three_tries_for_a_code(self, person):
        await self.send(person)
        code = await person.mailed_code()
        wrong = "000000" if code != "000000" else "111111"
        for _ in range(3):
            assert (await person.fill_in("/login/email-code", code=wrong)).status_code == 403
        assert (await person.fill_in("/login/email-code", code=code)).status_code == 403
        await self.send(person)
        new = await person.mailed_code()
        assert (await person.fill_in("/login/email-code", code=new)).status_code == 303

    async def test_mf_10_three_mails_in_ten_minutes(self, person, instance, browsers):
        # One was sent when the codes were set up.
        assert [await self.send(person) for _ in range(3)] == [303, 303, 429]
        elsewhere = await Person.begin(await browsers())
        await elsewhere.sign_in()
        assert await self.send(elsewhere) == 429
        instance.clock.time += 600
        assert await self.send(elsewhere) == 303

    async def test_mf_10_a_code_is_good_once(self, person):
        await self.send(person)
        code = await person.mailed_code()
        action, fields = form_of(await person.get("/login/email-code"), "/login/email-code")
        answers = [await person.browser.post(action, {**fields, "code": code}) for _ in range(2)]
        # The browser has a new cookie; the form of the old one is refused.
        assert [answer.status_code for answer in answers] == [303, 403]

    async def test_an_address_that_is_no_longer_confirmed_gets_no_code(self, person, instance):
        await instance.change(await instance.user("alice"), email_verified=False)
        page = await person.get("/login/email-code")
        action, fields = form_of(page, "/login/email-code/send")
        before = len(await mails_of(person.browser))
        answer = await person.browser.post(action, fields)
        assert answer.headers["location"].startswith(CONTINUE)
        assert len(await mails_of(person.browser)) == before


class TestTrustedDevices:
    """MF-11: trust is one person's, in one browser, until their credentials change."""

    @pytest.fixture
    async def trusted(self, browser, secret, instance) -> Browser:
        instance.clock.time += 60
        person = await Person.begin(browser)
        await person.sign_in()
        await person.type_totp(secret, remember="on")
        assert (await person.go_on()).startswith("https://blog.test/")
        return browser

    async def test_a_trusted_device_is_not_asked_and_no_session_is_stronger_for_it(
        self, trusted, instance
    ):
        again = await Person.begin(trusted, prompts=("login",))
        assert (await again.sign_in()).startswith("https://blog.test/")
        (session,) = await trusted.sessions()
        kinds = [proof.kind for proof in session.proofs]
        assert kinds == [ProofKind.PASSWORD, ProofKind.TRUSTED_DEVICE]
        asked = await Person.begin(trusted, acr_values=("urn:ostiary:acr:2fa",))
        assert await asked.go_on() == "/login/totp"

    async def test_mf_11_in_another_browser_the_cookie_is_worth_nothing(self, trusted, browsers):
        other = await browsers()
        name = "__Host-ostiary_trust"
        other.http.cookies.set(name, trusted.http.cookies[name], domain="id.test", path="/")
        person = await Person.begin(other)
        assert await person.sign_in() == "/login/totp"

    async def test_mf_11_for_somebody_else_the_cookie_is_worth_nothing(
        self, trusted, instance, browsers
    ):
        await instance.add_user("bob")
        bob = await Person.begin(await browsers(), "bob", prompts=("enrol",))
        await bob.sign_in()
        await bob.enrol_totp()
        here = await Person.begin(trusted, "bob", prompts=("login",))
        assert await here.sign_in() == "/login/totp"

    async def test_mf_11_cookies_that_were_copied_before_are_worth_nothing(
        self, browser, secret, instance, browsers
    ):
        """Whoever used a shared browser first knows its cookies, and waits for the next."""
        await instance.add_user("mallory")
        first = await Person.begin(browser, "mallory", prompts=("enrol",))
        await first.sign_in()
        foreign, _ = await first.enrol_totp()
        instance.clock.time += 60
        again = await Person.begin(browser, "mallory", prompts=("login",))
        await again.sign_in()
        await again.type_totp(foreign, remember="on")
        copied = dict(browser.http.cookies)
        instance.clock.time += 60
        alice = await Person.begin(browser, prompts=("login",))
        await alice.sign_in()
        await alice.type_totp(secret, remember="on")
        thief = await browsers()
        for name in ("__Host-ostiary_trust", "__Host-ostiary_device"):
            thief.http.cookies.set(name, copied[name], domain="id.test", path="/")
        person = await Person.begin(thief)
        assert await person.sign_in() == "/login/totp"
        # Where it was meant to, it goes on to count: also for who was there first.
        for name in ("alice", "mallory"):
            here = await Person.begin(browser, name, prompts=("login",))
            assert (await here.sign_in()).startswith("https://blog.test/")

    @pytest.mark.parametrize("others_signed_out", [True, False])
    async def test_mf_11_it_ends_with_a_change_of_the_password(
        self, trusted, instance, others_signed_out
    ):
        instance.clock.time += 10
        user = await instance.user("alice")
        if others_signed_out:
            await instance.change(user, credentials_changed_at=instance.clock.time)
        else:
            secret = passwords.normalize(PASSWORD)
            encoded = passwords.hash_password(secret, ENTROPY, CHEAP)
            await instance.change(user, password_hash=encoded)
        person = await Person.begin(trusted, prompts=("login",))
        assert await person.sign_in() == "/login/totp"

    async def test_mf_11_it_ends_after_its_days(self, trusted, instance):
        instance.clock.time += 30 * 86400
        person = await Person.begin(trusted)
        assert await person.sign_in() == "/login/totp"

    async def test_mf_11_a_policy_can_have_none(self, trusted, instance):
        await set_policy(instance, mfa={"trusted_device_days": 0})
        person = await Person.begin(trusted, prompts=("login",))
        assert await person.sign_in() == "/login/totp"
        assert 'name="remember"' not in (await person.get("/login/totp")).text


class TestPolicies:
    """What policies say about factors."""

    async def test_a_demanded_second_factor_is_set_up_within_the_flow(self, browser, instance):
        await set_policy(instance, mfa={"required": "always"})
        person = await Person.begin(browser)
        assert await person.sign_in() == "/login/enrol"
        page = await person.get("/login/enrol")
        assert "Not now" not in page.text
        refused = await browser.post(
            f"/login/enrol?flow={person.flow}", {**hidden(page), "form_token": "1-x"}
        )
        assert refused.status_code == 403
        await person.enrol_totp()
        assert (await person.go_on()).startswith("https://blog.test/")

    async def test_grace_is_used_up(self, browser, instance):
        await set_policy(instance, mfa={"required": "always", "grace_logins": 1})
        person = await Person.begin(browser)
        assert await person.sign_in() == "/login/enrol"
        assert (await person.fill_in("/login/enrol")).status_code == 303
        assert (await person.go_on()).startswith("https://blog.test/")
        assert (await (await Person.begin(browser)).go_on()).startswith("https://blog.test/")
        again = await Person.begin(browser, prompts=("login",))
        assert await again.sign_in() == "/login/enrol"
        assert "Not now" not in (await again.get("/login/enrol")).text

    async def test_a_factor_that_is_not_allowed_is_neither_asked_nor_offered(
        self, browser, secret, instance
    ):
        allowed = ["password", "passkey"]
        await set_policy(instance, login={"allowed_factors": allowed})
        person = await Person.begin(browser, prompts=("enrol",))
        assert await person.sign_in() == "/login/enrol"
        page = await person.get("/login/enrol")
        assert "/login/enrol/passkey" in page.text
        assert "/login/enrol/totp" not in page.text
        assert (await person.get("/login/enrol/totp")).status_code == 303

    async def test_without_passwords_nobody_signs_in_by_one(self, browser, instance):
        await set_policy(instance, login={"allowed_factors": ["passkey"]})
        person = await Person.begin(browser)
        page = await person.get("/login")
        assert 'name="password"' not in page.text
        fields = {**hidden(page), "username": "alice", "password": PASSWORD}
        token = form_of(page, "/login/passkey")[1]["form_token"]
        answer = await browser.post(f"/login?flow={person.flow}", {**fields, "form_token": token})
        assert answer.status_code == 403
        assert await person.go_on() == "/login"

    async def test_somebody_new_is_told_of_a_new_device(self, browser, browsers, instance):
        await instance.change(await instance.user("alice"), created_at=0)
        person = await Person.begin(browser)
        await person.sign_in()
        again = await Person.begin(browser, prompts=("login",))
        await again.sign_in()
        mails = [mail["template"] for mail in await mails_of(browser)]
        assert mails == ["new_device"]

    async def test_setting_up_a_factor_is_told_by_mail_and_in_the_audit_trail(
        self, secret, browser, instance
    ):
        assert "factor_added" in {mail["template"] for mail in await mails_of(browser)}
        (event,) = await instance.events("factor.added")
        assert event.details == {"method": "totp"}
        stored = await instance.store.factor("totp:user-alice")
        assert secret not in stored.credential.sealed
        assert (await instance.user("alice")).factors == (
            FactorKind.TOTP,
            FactorKind.RECOVERY_CODE,
        )


class TestRecoveryCodes:
    """MF-04: recovery codes stand in for a second factor, and are none by themselves."""

    async def test_mf_04_without_a_second_factor_there_are_none(self, instance):
        """The form of an earlier page is no way around what a policy demands."""
        async with instance.browser() as browser:
            person = await Person.begin(browser, prompts=("enrol",))
            await person.sign_in()
            await person.enrol_totp()
            other = await Person.begin(browser, prompts=("enrol",))
            page = await other.get("/login/enrol")
            action, fields = form_of(page, "/login/enrol/recovery-codes")
            for factor in await instance.store.factors("user-alice"):
                await instance.apply(Delete(Factor, factor.id))
            await instance.change(await instance.user("alice"), factors=())
            await set_policy(instance, mfa={"required": "always"})
            answer = await browser.post(action, fields)
            assert answer.status_code == 409
            assert await instance.store.factors("user-alice") == ()

    async def test_mf_04_a_policy_without_them_is_no_error_of_ours(self, instance):
        async with instance.browser() as browser:
            person = await Person.begin(browser, prompts=("enrol",))
            await person.sign_in()
            await person.enrol_totp()
            other = await Person.begin(browser, prompts=("enrol",))
            action, fields = form_of(await other.get("/login/enrol"), "/login/enrol/recovery-codes")
            await set_policy(instance, login={"allowed_factors": ["password", "totp"]})
            assert (await browser.post(action, fields)).status_code == 409


@pytest.mark.parametrize(
    "path", ["/login/enrol", "/login/enrol/email-code/send", "/login/enrol/recovery-codes"]
)
async def test_mf_05_what_grows_stale_while_it_is_sent_is_no_error_of_ours(
    instance, browser, path, monkeypatch
):
    """The last second passes between looking at the session and writing."""
    person = await Person.begin(browser, prompts=("enrol",))
    await person.sign_in()
    await person.enrol_totp()
    person = await Person.begin(browser, prompts=("enrol",))
    shown = "/login/enrol/email-code" if path.endswith("send") else "/login/enrol"
    action, fields = form_of(await person.get(shown), path)
    # The request takes the time for its own id before anybody looks at the session.
    last = instance.clock.time + FRESH
    moments = iter(range(last - 1, last + 99))
    monkeypatch.setattr(instance.clock, "now", lambda: next(moments))
    answer = await browser.post(action, fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{CONTINUE}?flow={person.flow}"
