"""An instance with two organizations, and a browser in which nobody is signed in."""

import pytest

from support.console import add_other
from support.instance import open_instance


@pytest.fixture
async def instance(tmp_path):
    """Run it; nobody administers anything yet."""
    async with open_instance(tmp_path) as instance:
        await add_other(instance)
        yield instance


@pytest.fixture
async def browser(instance):
    """A browser without cookies."""
    async with instance.browser() as browser:
        yield browser
