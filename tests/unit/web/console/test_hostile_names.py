"""Members that people name as they like are shown as text, whatever they are called."""

import pytest

from support.console import administer, open_console, text_of
from support.instance import open_instance


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as running:
        await administer(running, "instance_owner")
        yield running


@pytest.fixture
async def browser(instance):
    async with instance.browser() as browser:
        yield browser


NAMES = (
    *("joined_at", "at", "state", "kind", "role", "result", "user", "project", "grant", "name"),
    *("profile", "email", "client_secret", "token", "<script>", "{x}", "{}", "", ".", "..", "a.b"),
)


@pytest.mark.parametrize("value", ["spring", "9", "2026-01-01", "{0}", "", "active", ".", "<b>"])
async def test_metadata_may_be_called_anything(instance, browser, value) -> None:
    await instance.add_user("mona", metadata=dict.fromkeys(NAMES, value))
    page = await open_console(browser, "/console/users/user-mona")
    assert page.status_code == 200
    said = text_of(page)
    for name in ("joined_at", "<script>", "{x}"):
        assert f"{name} {value}".strip() in said
    assert "<script>" not in page.text.partition("<main")[2]
