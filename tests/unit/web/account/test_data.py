"""GET and POST /account/data: a copy of one's own data."""

from ostiary.model.event import Event
from ostiary.model.factor import FactorKind, RecoveryCodes
from ostiary.model.organization import Organization, RoleAssignment
from ostiary.oauth.effects import Emit
from support import records
from support.account import connect, enter, visit
from support.instance import PASSWORD

PATH = "/account/data"
CODES = RecoveryCodes(digests=(b"one", b"two"))


async def test_the_copy_holds_what_is_kept(browser) -> None:
    instance = browser.instance
    await connect(browser, "music", "openid email offline_access")
    for n in range(1100):
        event = Event(type="role.granted", at=n, actor_type="user", user_id="user-alice")
        await instance.apply(Emit(event))
    await instance.add(
        RoleAssignment(
            id="assignment",
            organization_id="acme",
            project_id="store",
            user_id="user-alice",
            roles=("buyer",),
        )
    )
    mine = {"user_id": "user-alice"}
    await instance.add(
        records.group(name="Readers"),
        records.group_member(**mine),
        Organization(id="other", name="Other"),
        records.membership(organization_id="other", **mine),
        records.personal_token(name="Backup", **mine),
    )
    page = await visit(browser, PATH)
    # What comes after the page was opened: it asks for all that there is to prove.
    await instance.add(
        records.factor(name="Phone", **mine),
        records.factor("codes", kind=FactorKind.RECOVERY_CODE, credential=CODES, **mine),
        records.trusted_device(ip="192.0.2.78", user_agent="Tablet/1", **mine),
    )
    answer = await browser.post(PATH, data_form(page))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    copy = answer.json()
    assert copy["account"]["username"] == "alice"
    assert copy["account"]["email"] == "alice@acme.test"
    assert copy["account"]["has_password"] is True
    (app,) = copy["applications"]
    assert (app["client_id"], app["while_signed_out"]) == ("music", True)
    assert sorted(app["scopes"]) == ["email", "offline_access", "openid"]
    assert copy["sessions"][0]["ip"] == "192.0.2.1"
    assert copy["roles"] == [{"project_id": "store", "roles": ["buyer"]}]
    assert [(one["kind"], one["name"], one["codes_left"]) for one in copy["factors"]] == [
        ("recovery_code", "", 2),
        ("totp", "Phone", None),
    ]
    (device,) = copy["trusted_devices"]
    assert (device["ip"], device["user_agent"]) == ("192.0.2.78", "Tablet/1")
    assert [one["name"] for one in copy["personal_tokens"]] == ["Backup"]
    assert [one["name"] for one in copy["groups"]] == ["Readers"]
    assert [one["organization_id"] for one in copy["memberships"]] == ["other"]
    kinds = [event["type"] for event in copy["events"]]
    assert kinds[0] == "account.exported"
    assert kinds.count("role.granted") == 1100
    assert "auth.login.success" in kinds


async def test_no_secret_and_no_handle_is_in_it(browser) -> None:
    tokens = await connect(browser, "music")
    page = await visit(browser, PATH)
    answer = await browser.post(PATH, data_form(page))
    alice = await browser.instance.user("alice")
    (session,) = await browser.sessions()
    assert alice.password_hash is not None
    hidden = (
        *(alice.password_hash, PASSWORD, session.id, session.browser_id, browser.cookie),
        *(tokens["access_token"], tokens["refresh_token"]),
    )
    for secret in hidden:
        assert secret not in answer.text
    assert "digest" not in answer.text


async def test_ten_copies_a_day(browser) -> None:
    page = await enter(browser, PATH)
    for _ in range(10):
        assert (await browser.post(PATH, data_form(page))).status_code == 200
    answer = await browser.post(PATH, data_form(page))
    assert answer.status_code == 429
    assert "ten copies" in answer.text
    assert len(await browser.instance.events("account.exported")) == 10


async def test_it_is_not_given_without_the_form(browser) -> None:
    await enter(browser, PATH)
    assert (await browser.post(PATH, {"form_token": "x"})).status_code == 403
    assert await browser.instance.events("account.exported") == []


def data_form(page) -> dict[str, str]:
    """Return the fields of the form that asks for the copy."""
    form = page.text.partition(f'action="{PATH}"')[2]
    return {"form_token": form.partition('value="')[2].partition('"')[0]}
