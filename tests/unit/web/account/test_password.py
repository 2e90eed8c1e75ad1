"""GET and POST /account/password."""

import pytest

from ostiary.model.mail import MAIL
from support.account import connect, enter, fields_of, follow, refresh, send, visit
from support.instance import PASSWORD

PATH = "/account/password"
NEW = "five words that differ entirely"


async def change(browser, page, *, others: bool = True, **filled: str):
    given = {"password": PASSWORD, "new_password": NEW} | filled
    fields = {**fields_of(page, "new_password"), **given}
    if not others:
        del fields["others"]
    return await browser.post(PATH, fields)


async def test_the_new_password_is_good_and_the_old_one_is_not(browser) -> None:
    page = await enter(browser, PATH)
    before = browser.cookie
    answer = await change(browser, page)
    assert answer.status_code == 303
    page = await follow(browser, answer)
    assert "Your password is changed" in page.text
    assert browser.cookie != before
    assert (await browser.instance.browser().sign_in("alice", NEW)).status_code == 303
    assert (await browser.instance.browser().sign_in("alice", PASSWORD)).status_code == 403
    (event,) = await browser.instance.events("password.changed")
    assert (event.actor_id, event.details) == ("user-alice", {"others_signed_out": True})


async def test_the_person_is_told_by_mail(browser) -> None:
    page = await enter(browser, PATH)
    await change(browser, page)
    store, now = browser.instance.store, browser.instance.clock.time
    (mail,) = [one for one in await store.claim_messages(now, 10, 60) if one.topic == MAIL]
    assert mail.payload["template"] == "password_changed"
    assert mail.payload["to"] == "alice@acme.test"
    assert PASSWORD not in str(mail)
    assert NEW not in str(mail)


async def test_all_others_are_signed_out_unless_one_wants_them_to_stay(browser) -> None:
    instance = browser.instance
    phone = instance.browser()
    await enter(phone)
    tokens = await connect(phone, "notes")
    page = await enter(browser, PATH)
    instance.clock.time += 10
    assert (await change(browser, page)).status_code == 303
    assert (await visit(browser, "/account")).url.path == "/account"
    assert (await visit(phone, "/account")).url.path == "/login"
    assert (await refresh(instance, "notes", tokens)).status_code == 400


async def test_they_stay_where_one_says_so(browser) -> None:
    instance = browser.instance
    phone = instance.browser()
    tokens = await connect(phone, "notes")
    page = await enter(browser, PATH)
    instance.clock.time += 10
    assert (await change(browser, page, others=False)).status_code == 303
    assert (await visit(phone, "/account")).url.path == "/account"
    assert (await refresh(instance, "notes", tokens)).status_code == 200


@pytest.mark.parametrize(
    ("filled", "status", "said"),
    [
        ({"password": "wrong"}, 403, "present password is not right"),
        ({"password": ""}, 400, "Fill in all fields"),
        ({"new_password": ""}, 400, "Fill in all fields"),
        ({"new_password": "short"}, 422, "too short"),
        ({"new_password": "alice@acme.test alice"}, 422, "easy to guess"),
        ({"new_password": "x" * 257}, 422, "at most 256"),
        ({"password": "x" * 257}, 400, "at most 256"),
    ],
)
async def test_what_is_refused_is_explained(browser, filled, status, said) -> None:
    page = await enter(browser, PATH)
    answer = await change(browser, page, **filled)
    assert answer.status_code == status
    assert said in answer.text
    assert filled.get("new_password", "-") == "" or NEW not in answer.text
    assert (await browser.instance.browser().sign_in()).status_code == 303


async def test_guesses_of_the_old_password_are_counted_as_at_sign_in(browser) -> None:
    page = await enter(browser, PATH)
    for _ in range(5):
        assert (await change(browser, page, password="wrong")).status_code == 403
    answer = await change(browser, page)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert (await browser.instance.events("password.changed")) == []


async def test_who_has_no_password_sets_a_first_one(browser) -> None:
    instance = browser.instance
    phone = instance.browser()
    tokens = await connect(phone, "notes")
    await enter(browser, PATH)
    alice = await instance.user("alice")
    await instance.change(alice, password_hash=None)
    page = await visit(browser, PATH)
    assert 'name="password"' not in page.text
    assert (await send(browser, page, "new_password", new_password=NEW)).status_code == 303
    assert (await visit(browser, "/account")).url.path == "/account"
    assert (await visit(phone, "/account")).url.path == "/login"
    assert (await refresh(instance, "notes", tokens)).status_code == 400
    assert (await instance.browser().sign_in("alice", NEW)).status_code == 303


async def test_of_two_changes_at_once_one_wins(browser) -> None:
    """Somebody else changes the password between the check and the write."""
    page = await enter(browser, PATH)
    instance = browser.instance
    pool = instance.pool
    original = pool.run

    async def run(work):
        alice = await instance.user("alice")
        if alice.password_hash is not None and alice.metadata == {}:
            await instance.change(alice, password_hash="$argon2id$other", metadata={"a": "b"})
        return await original(work)

    pool.run = run
    assert (await change(browser, page)).status_code == 403
    assert (await instance.user("alice")).password_hash == "$argon2id$other"
