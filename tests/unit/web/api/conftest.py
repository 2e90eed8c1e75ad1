"""The management API of an instance with two organizations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.management import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def root(world: World) -> str:
    """An access token of an owner of the instance."""
    return await world.administrator("instance_owner")
