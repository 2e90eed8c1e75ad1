"""GET and POST /account/delete: the end of an account, by its owner."""

import msgspec
import pytest

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.policy import Configuration
from ostiary.model.user import Profile, UserState
from support.account import connect, enter, refresh, send, userinfo, visit

PATH = "/account/delete"


async def delete(browser, page, confirmation: str = "alice"):
    return await send(browser, page, "confirmation", confirmation=confirmation)


async def test_everything_ends(browser, instance) -> None:
    phone = instance.browser()
    tokens = await connect(phone, "notes")
    page = await enter(browser, PATH)
    answer = await delete(browser, page)
    assert answer.status_code == 200
    assert "Your account is deleted" in answer.text
    user = await instance.store.user("user-alice")
    assert user is not None
    assert user.state is UserState.DELETED
    assert (user.username, user.email, user.password_hash) == ("", None, None)
    assert user.profile == Profile()
    assert (await refresh(instance, "notes", tokens)).status_code == 400
    assert (await userinfo(instance, tokens)).status_code == 401
    for one in (browser, phone):
        assert (await visit(one)).url.path == "/login"
    assert (await instance.browser().sign_in()).status_code == 403
    (event,) = await instance.events("account.deleted")
    assert (event.actor_type, event.actor_id) == ("user", "user-alice")


async def test_rt_13_a_new_account_of_the_same_name_inherits_nothing(browser, instance) -> None:
    tokens = await connect(browser, "music")
    await delete(browser, await visit(browser, PATH))
    await instance.add_user("alice", id="user-new")
    page = await enter(browser, "/account/apps")
    assert "No app can use your account" in page.text
    assert (await refresh(instance, "music", tokens)).status_code == 400
    assert "Access allowed" not in (await visit(browser, "/account/activity")).text


@pytest.mark.parametrize("typed", ["", "bob", "alice ; drop", "ALICE\u0301", "x" * 3000])
async def test_the_name_has_to_be_typed(browser, typed) -> None:
    page = await enter(browser, PATH)
    answer = await delete(browser, page, typed)
    assert answer.status_code == 422
    assert "Nothing was deleted" in answer.text
    assert (await browser.instance.user("alice")).state is UserState.ACTIVE


async def test_the_policy_can_keep_people_from_it(browser, instance) -> None:
    page = await enter(browser, PATH)
    configuration = await instance.store.read_configuration()
    assert isinstance(configuration, Configuration)
    await instance.change(configuration, policies={"account": {"self_deletion": False}})
    await instance.store.revalidate()
    assert (await delete(browser, page)).status_code == 403
    page = await visit(browser, PATH)
    assert "Ask its administrators" in page.text
    assert 'name="confirmation"' not in page.text
    assert (await instance.user("alice")).state is UserState.ACTIVE


@pytest.mark.parametrize(
    "place",
    [
        {"role": AdministratorRole.INSTANCE_OWNER},
        {"role": AdministratorRole.ORG_OWNER, "organization_id": "acme"},
    ],
    ids=["instance", "organization"],
)
async def test_an_administrator_is_let_go_by_another_one_first(browser, instance, place) -> None:
    """Nobody leaves without its last owner by accident, also one who became it meanwhile."""
    page = await enter(browser, PATH)
    await instance.add(Administrator(id="held", user_id="user-alice", **place))
    assert (await delete(browser, page)).status_code == 403
    page = await visit(browser, PATH)
    assert "Another administrator" in page.text
    assert 'name="confirmation"' not in page.text
    assert (await instance.user("alice")).state is UserState.ACTIVE


async def test_whoever_shares_the_browser_stays(browser, instance) -> None:
    await instance.add_user("bob")
    await enter(browser, PATH)
    await browser.sign_in("bob")
    page = await visit(browser, PATH)
    assert (await delete(browser, page)).status_code == 200
    assert (await visit(browser)).url.path == "/login/select"
    sessions = await browser.sessions()
    assert [msgspec.structs.asdict(one)["user_id"] for one in sessions] == ["user-bob"]
