"""What was revoked is refused everywhere, in the same process at once (SE-04, RT-13)."""

import pytest

from ostiary.model.user import UserState
from ostiary.web.routes import routes
from support.account import application, connect, enter, refresh, send, visit
from support.instance import Browser, Instance, open_instance
from support.revocation import (
    CLASSIFIED,
    CONSOLE,
    ENDPOINTS,
    GRANT_TYPES,
    OF_SESSIONS,
    SCOPES,
    collect,
    taken,
)

APP = "everything"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        fields = {
            "grant_types": GRANT_TYPES,
            "allowed_scopes": (*SCOPES, "offline_access"),
            "require_consent": True,
            "refresh_token_always": True,
        }
        await instance.add(application(APP, **fields), application("other", **fields))
        yield instance


async def test_every_endpoint_is_classified(instance: Instance):
    """A new endpoint fails here until it is said what stands for it above, and tried there."""
    paths = {path for path, _ in routes(instance.idp)}
    named = {_group(path) for path in paths}
    assert named == set(CLASSIFIED)


def _group(path: str) -> str:
    """Name a path by what stands for it: all operations are one, and the pages of the console."""
    if path.startswith("/api/v1/") and path != "/api/v1/openapi.json":
        return "/api/v1/…"
    return "/console/…" if path.startswith(f"{CONSOLE}/") else path


async def revoke_app(browser: Browser) -> None:
    page = await visit(browser, "/account/apps")
    assert (await send(browser, page, "client", APP)).status_code == 303


async def revoke_session(browser: Browser) -> None:
    """Sign the browser out from another one."""
    phone = browser.instance.browser()
    (session,) = await browser.sessions()
    page = await enter(phone, "/account/sessions")
    assert (await send(phone, page, "session", session.id)).status_code == 303


async def revoke_all_others(browser: Browser) -> None:
    phone = browser.instance.browser()
    page = await enter(phone, "/account/sessions")
    assert (await send(phone, page, "others")).status_code == 303


async def lock_user(browser: Browser) -> None:
    """Lock the account, as an administrator does."""
    alice = await browser.instance.user("alice")
    await browser.instance.change(alice, state=UserState.LOCKED)


async def delete_user(browser: Browser) -> None:
    page = await visit(browser, "/account/delete")
    answer = await send(browser, page, "confirmation", confirmation="alice")
    assert answer.status_code == 200


async def nothing(_browser: Browser) -> None:
    """Revoke nothing: each endpoint takes what it is shown."""


@pytest.mark.parametrize(
    ("revoke", "left"),
    [
        (nothing, ENDPOINTS),
        (revoke_app, OF_SESSIONS),
        (revoke_session, set()),
        (revoke_all_others, set()),
        (lock_user, set()),
        (delete_user, set()),
    ],
)
async def test_se_04_a_revocation_is_seen_at_every_endpoint(instance: Instance, revoke, left):
    browser = instance.browser()
    await enter(browser)
    holdings = await collect(browser, APP)
    await revoke(browser)
    assert await taken(browser, instance, holdings) == left


async def test_revoking_one_application_leaves_the_other_everything(instance: Instance):
    browser = instance.browser()
    await enter(browser)
    holdings = await collect(browser, "other")
    await connect(browser, APP, "openid")
    await revoke_app(browser)
    assert await taken(browser, instance, holdings) == ENDPOINTS


async def test_an_offline_grant_outlives_its_session_but_not_its_application(instance: Instance):
    """Signing out a device keeps what was given for the time of absence; revoking ends it."""
    browser = instance.browser()
    await enter(browser)
    tokens = await connect(browser, APP, "openid offline_access")
    await revoke_session(browser)
    phone = instance.browser()
    page = await enter(phone, "/account/apps")
    assert "Everything" in page.text
    await send(phone, page, "client", APP)
    assert (await refresh(instance, APP, tokens)).status_code == 400
