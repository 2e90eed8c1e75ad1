"""An instance with two applications that Alice can connect."""

import pytest

from support.account import application
from support.instance import open_instance


@pytest.fixture
async def instance(tmp_path):
    """Run it; Music asks for consent, Notes does not."""
    async with open_instance(tmp_path) as instance:
        music = application("music", require_consent=True, client_uri="https://music.test/")
        await instance.add(application("notes"), music)
        yield instance


@pytest.fixture
async def browser(instance):
    """A browser without cookies."""
    async with instance.browser() as browser:
        yield browser
