"""Management over an empty store, by somebody who may do everything."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from ostiary.admin import organizations, projects
from ostiary.admin.actor import Actor, operator
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.store import Admin
from ostiary.clock import SystemClock
from ostiary.oauth.effects import Conflict, Effects
from ostiary.store import open_store
from support.desk import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with await open_store(f"sqlite:///{tmp_path}/ostiary.db", SystemClock()) as store:
        await store.migrate()
        yield Desk(store)


@pytest.fixture
def admin(desk: Desk) -> Admin:
    return desk.admin


@pytest.fixture
def actor() -> Actor:
    return operator("tester")


@pytest.fixture
async def acme(admin: Admin, actor: Actor) -> str:
    """The id of an organization with the project `shop` in it."""
    await organizations.create(admin, actor, OrganizationFields(id="acme", name="ACME"))
    await projects.create(admin, actor, "acme", ProjectFields(id="shop", name="Shop"))
    return "acme"


class Racing:
    """A store in which somebody else is faster, a given number of times."""

    def __init__(self, store: object, losses: int) -> None:
        self.store = store
        self.losses = losses

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    async def apply(self, effects: Effects) -> None:
        if self.losses:
            self.losses -= 1
            raise Conflict(effects[0])
        await self.store.apply(effects)


@pytest.fixture
def race(admin: Admin) -> Callable[[int], Admin]:
    """Let the next writes lose against somebody else."""
    return lambda losses: msgspec.structs.replace(admin, store=Racing(admin.store, losses))
