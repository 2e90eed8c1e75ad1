"""An application is recorded for a while, by whoever may change it."""

import pytest

from ostiary.admin import clients, organizations, projects, recordings
from ostiary.admin.actor import Actor, Holding, operator
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.errors import NotAllowed, NotFound, Overtaken
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.recordings import LASTS, MOST, State
from ostiary.model.administrator import AdministratorRole
from support.desk import NOW

ROOT = operator("root")


def actor(role: AdministratorRole, organization="acme", project=None) -> Actor:
    holding = Holding(role=role, organization_id=organization, project_id=project)
    return Actor(type="user", id="someone", holds=(holding,))


@pytest.fixture
async def made(desk):
    for place in ("acme", "other"):
        await organizations.create(desk.admin, ROOT, OrganizationFields(id=place))
        await projects.create(desk.admin, ROOT, place, ProjectFields(id=f"{place}-shop"))
    await add(desk, "web")
    desk.events.clear()
    return desk


async def add(desk, client_id):
    metadata = ClientMetadata(client_id=client_id, redirect_uris=("https://app.test/cb",))
    await clients.create(desk.admin, ROOT, "acme-shop", metadata)


async def record(desk, state=State.ON, client_id="web", who=ROOT):
    return await recordings.record(desk.admin, who, client_id, state)


async def recorded(desk):
    return (await desk.read_configuration()).recordings


async def test_it_lasts_a_quarter_of_an_hour_and_begins_anew(made):
    assert (await record(made)).until == NOW + LASTS == NOW + 900
    assert await recorded(made) == {"web": NOW + LASTS}
    made.now_ += 60
    assert (await record(made)).until == NOW + 60 + LASTS
    (first, second) = made.events
    assert (first.type, first.client_id, first.organization_id) == (
        "client.recorded",
        "web",
        "acme",
    )
    assert second.type == "client.recorded"


async def test_it_is_ended_before_its_time_once(made):
    await record(made)
    assert (await record(made, State.OFF)).until is None
    assert await recorded(made) == {}
    assert [one.type for one in made.events] == ["client.recorded", "client.unrecorded"]
    writes = made.writes
    assert (await record(made, State.OFF)).until is None
    assert made.writes == writes


async def test_what_is_over_is_forgotten_with_the_next_one(made):
    await record(made)
    await add(made, "other")
    made.now_ += LASTS
    await record(made, client_id="other")
    assert await recorded(made) == {"other": made.now_ + LASTS}


async def test_the_application_itself_stays_as_it_is(made):
    before = await made.read_client("web")
    await record(made)
    assert await made.read_client("web") == before


async def test_so_many_at_a_time(made):
    for n in range(MOST):
        await add(made, f"app{n}")
        await record(made, client_id=f"app{n}")
    with pytest.raises(Overtaken, match="20 applications"):
        await record(made)
    await record(made, client_id="app0")
    await record(made, State.OFF, client_id="app0")
    await record(made)
    assert len(await recorded(made)) == MOST


async def test_whoever_loses_a_race_tries_once_more(made, race):
    await recordings.record(race(1), ROOT, "web", State.ON)
    assert set(await recorded(made)) == {"web"}


@pytest.mark.parametrize(
    ("who", "error"),
    [
        (actor(AdministratorRole.ORG_VIEWER), NotAllowed),
        (actor(AdministratorRole.ORG_OWNER, "other"), NotFound),
        (actor(AdministratorRole.PROJECT_OWNER, "other", "other-shop"), NotFound),
    ],
)
async def test_ad_01_by_nobody_else(made, who, error):
    with pytest.raises(error):
        await record(made, who=who)
    assert await recorded(made) == {}


async def test_by_the_owner_of_the_project(made):
    await record(made, who=actor(AdministratorRole.PROJECT_OWNER, "acme", "acme-shop"))
    assert set(await recorded(made)) == {"web"}


async def test_no_application_no_recording(made):
    with pytest.raises(NotFound):
        await record(made, client_id="nothing")
