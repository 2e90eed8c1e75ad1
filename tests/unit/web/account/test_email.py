"""GET and POST /account/email: another address, proven by a mail that goes there."""

import msgspec
import pytest

from ostiary.settings import Settings
from ostiary.web.asgi import make_app
from ostiary.web.csrf import make_page_token
from support.account import enter, fields_of, follow, send, visit
from support.instance import hidden, open_instance
from support.postbox import Postbox, link_of, text_of

PATH = "/account/email"
NEW = "alicia@new.test"


@pytest.fixture
def postbox(instance):
    """The mails that go out."""
    return Postbox(instance)


async def ask(browser, address: str = NEW):
    page = await enter(browser, PATH)
    return await send(browser, page, "email", email=address)


async def open_link(browser, mail):
    """Open a mail's link, and send the form on its page."""
    link = link_of(mail)
    page = await follow(browser, await browser.get(link.removeprefix("https://id.test")))
    return await browser.post(str(page.url.path), hidden(page))


async def test_the_address_changes_when_its_owner_follows_the_link(browser, postbox) -> None:
    answer = await follow(browser, await ask(browser))
    assert "Until then nothing changes" in answer.text
    assert "alice@acme.test" in answer.text
    mails = {mail["To"]: mail for mail in await postbox.collect()}
    assert set(mails) == {NEW, "alice@acme.test"}
    assert (await browser.instance.user("alice")).email == "alice@acme.test"
    await open_link(browser, mails[NEW])
    alice = await browser.instance.user("alice")
    assert (alice.email, alice.email_verified) == (NEW, True)
    page = await visit(browser, "/account/activity?show=changes")
    assert "Email address changed" in page.text


async def test_the_old_address_is_told_and_can_take_it_back(browser, postbox) -> None:
    await ask(browser)
    (told,) = [mail for mail in await postbox.collect() if mail["To"] == "alice@acme.test"]
    assert NEW in text_of(told)


async def change(browser, postbox, address: str):
    """Change the address, and return the notice that goes to the old one."""
    old = (await browser.instance.user("alice")).email
    await ask(browser, address)
    mails = {mail["To"]: mail for mail in await postbox.collect()}
    await open_link(browser, mails[address])
    await postbox.collect()  # the notices that it is done
    return mails[old]


async def test_taking_it_back_ends_every_session_and_mails_a_link(browser, postbox) -> None:
    told = await change(browser, postbox, NEW)
    answer = await open_link(browser, told)
    assert answer.status_code == 200
    alice = await browser.instance.user("alice")
    assert (alice.email, alice.email_verified) == ("alice@acme.test", True)
    assert await browser.sessions() == []
    mail = await postbox.only()
    assert (mail["To"], "new password" in mail["Subject"]) == ("alice@acme.test", True)
    assert (await open_link_again(browser, told)).status_code == 410


async def open_link_again(browser, mail):
    return await follow(browser, await browser.get(link_of(mail)))


async def test_rc_02_what_came_after_a_change_is_taken_back_with_it(browser, postbox) -> None:
    """Whoever took an account and moved on to a third address cannot come back by the second."""
    owner = await change(browser, postbox, "second@evil.test")
    thief = await change(browser, postbox, "third@evil.test")
    assert (await open_link(browser, owner)).status_code == 200
    await postbox.collect()
    assert (await open_link_again(browser, thief)).status_code == 410
    assert (await browser.instance.user("alice")).email == "alice@acme.test"
    assert await postbox.collect() == []


async def test_rc_02_the_first_owner_has_the_last_word(browser, postbox) -> None:
    """A change that is taken back by the thief leaves what the owner can take back."""
    owner = await change(browser, postbox, "second@evil.test")
    thief = await change(browser, postbox, "third@evil.test")
    assert (await open_link(browser, thief)).status_code == 200
    assert (await browser.instance.user("alice")).email == "second@evil.test"
    assert (await open_link(browser, owner)).status_code == 200
    assert (await browser.instance.user("alice")).email == "alice@acme.test"


async def test_an_address_that_is_there_can_be_confirmed(browser, postbox) -> None:
    page = await enter(browser, PATH)
    assert "Not confirmed" in page.text
    answer = await follow(browser, await send(browser, page, "verify", verify="on"))
    assert "was sent to your address" in answer.text
    await open_link(browser, await postbox.only())
    assert (await browser.instance.user("alice")).email_verified is True
    assert 'name="verify"' not in (await visit(browser, PATH)).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "no email address"),
        ("alice", "no email address"),
        ("a@b@c.test", "no email address"),
        ("x@evil.test\r\nBcc: y@evil.test", "no email address"),
        ("Alice@ACME.test", "your address already"),
    ],
)
async def test_what_is_refused_stays_in_the_form(browser, postbox, typed, said) -> None:
    answer = await ask(browser, typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert await postbox.collect() == []


async def test_an_address_of_somebody_else_looks_like_any(browser, postbox) -> None:
    """Nobody learns here who has an account."""
    await browser.instance.add_user("bob", email="bob@acme.test")
    free, taken = await ask(browser), await ask(browser, "bob@acme.test")
    assert (free.status_code, free.headers["location"]) == (303, PATH)
    assert (taken.status_code, taken.headers["location"]) == (303, PATH)
    assert (await browser.instance.user("alice")).email == "alice@acme.test"
    assert (await browser.instance.user("bob")).email == "bob@acme.test"


async def test_rc_09_nobody_is_flooded_with_mail(browser, postbox) -> None:
    for n in range(6):
        assert (await ask(browser, f"victim{n}@new.test")).status_code == 303
    sent = [mail["To"] for mail in await postbox.collect()]
    # Three an hour are asked for, and only the last of these links is still good.
    assert [one for one in sent if one.startswith("victim")] == ["victim2@new.test"]
    assert sent.count("alice@acme.test") == 3


async def test_without_a_mail_server_nothing_is_promised(tmp_path) -> None:
    async with open_instance(tmp_path) as instance:
        settings = Settings(public_url=instance.idp.issuer)
        instance.app = make_app(msgspec.structs.replace(instance.idp, settings=settings))
        async with instance.browser() as browser:
            page = await enter(browser, PATH)
            assert "ask whoever runs this site" in page.text
            assert 'name="email"' not in page.text
            fields = fields_of(page, "form_token") | {"email": NEW}
            token = make_page_token(
                await instance.idp.keys.ring(), (await browser.sessions())[0], "email"
            )
            answer = await browser.post(PATH, fields | {"form_token": token})
            assert answer.status_code == 409
            assert await Postbox(instance).collect() == []
