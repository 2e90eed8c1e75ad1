"""The demo of the development mode: made once, kept, and mended where it no longer fits."""

import msgspec
import pytest
from structlog.testing import capture_logs

from ostiary.admin import clients, organizations, users
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.user_fields import PasswordFields, UserFields
from ostiary.cli import development, doctor, prepare
from ostiary.cli.answer import Failure
from ostiary.cli.instance import load_settings, open_instance
from ostiary.cli.prepare import ACTOR
from ostiary.identity.passwords import normalize, verify_password
from ostiary.jobs.demo import warn_of_demo
from ostiary.model.administrator import AdministratorRole
from ostiary.model.user import LoginName, UserState
from ostiary.oauth.clients.secret import secret_matches
from ostiary.oauth.effects import Delete, Update
from ostiary.oauth.handle import digest
from ostiary.settings import load
from ostiary.web.demo.registration import FILE, read_registration


def settings(port=8080):
    overrides = {"dev": True, "port": port}
    return development.settle(load(None, {}, overrides), None, overrides)


async def look(instance_settings):
    async with open_instance(instance_settings) as instance:
        user = await users.find(instance.admin, ACTOR, "demo")
        client = await clients.show(instance.admin, ACTOR, "demo")
        return instance, user, client


async def events():
    async with open_instance(settings()) as instance:
        return await instance.store.list_events((), None, 100)


async def test_everything_is_made_and_works():
    demo = await prepare.prepare(settings())
    assert demo.page == "http://localhost:8080/demo"
    instance, user, client = await look(settings())
    assert verify_password(user.password_hash, normalize(demo.password))
    assert secret_matches(client, (demo.client_secret,), instance.admin.clock.now())
    assert client.redirect_uris == ("http://localhost:8080/demo/callback",)
    assert client.require_pkce
    assert user.organization_id == client.organization_id == "demo"
    assert FILE.stat().st_mode & 0o077 == 0


async def test_somebody_administers_the_instance():
    demo = await prepare.prepare(settings())
    async with open_instance(settings()) as instance:
        user = await users.find(instance.admin, ACTOR, "admin")
        (held,) = await instance.store.administrators_of(user.id)
        assert verify_password(user.password_hash, normalize(demo.password))
        assert held.role is AdministratorRole.INSTANCE_OWNER


async def test_ad_19_nobody_of_the_demo_administers_what_is_no_development_instance():
    served = msgspec.structs.replace(settings(), dev=False)
    with pytest.raises(Failure, match="development mode only"):
        await prepare.prepare(served)
    assert not FILE.exists()


async def test_ad_19_a_development_database_that_is_served_is_warned_of():
    await prepare.prepare(settings())
    assert await examine(settings()) == set()
    served = msgspec.structs.replace(settings(), dev=False)
    assert await examine(served) == {"admin", "demo"}
    async with open_instance(served) as instance:
        with capture_logs() as logs:
            await warn_of_demo(instance.store)
        assert [log["usernames"] for log in logs] == [["admin", "demo"]]
        user = await users.find(instance.admin, ACTOR, "admin")
        await users.delete(instance.admin, ACTOR, user.id)
        assert await examine(served) == {"demo"}
        user = await users.find(instance.admin, ACTOR, "demo")
        await users.set_state(instance.admin, ACTOR, user.id, UserState.LOCKED)
        with capture_logs() as logs:
            await warn_of_demo(instance.store)
        assert logs == []
    assert await examine(served) == set()


async def test_ad_19_people_of_these_names_elsewhere_are_not_warned_of():
    served = msgspec.structs.replace(settings(), dev=False)
    async with open_instance(served, migrate=True) as instance:
        for name in ("own", "demo"):
            await organizations.create(instance.admin, ACTOR, OrganizationFields(id=name, name="x"))
        password = PasswordFields(plain="correct horse battery staple")
        fields = UserFields(username="admin", password=password)
        await users.create(instance.admin, ACTOR, "own", fields)
        await users.create(instance.admin, ACTOR, "demo", UserFields(username="demo"))
    assert await examine(served) == set()


async def examine(given) -> set[str]:
    """Return whom the doctor warns of."""
    name = "development accounts"
    found = [one async for one in doctor.examine(given) if one.name == name]
    return {one.message.split()[0] for one in found}


async def test_somebody_else_of_that_name_is_left_alone():
    async with open_instance(settings(), migrate=True) as instance:
        await organizations.create(instance.admin, ACTOR, OrganizationFields(id="own", name="Own"))
        theirs = await users.create(instance.admin, ACTOR, "own", UserFields(username="admin"))
        await prepare.prepare(settings())
        assert await users.find(instance.admin, ACTOR, "admin") == theirs
        assert await instance.store.administrators_of(theirs.id) == ()


async def test_a_second_start_changes_nothing():
    first = await prepare.prepare(settings())
    before = await events()
    assert await prepare.prepare(settings()) == first
    assert await events() == before


async def console_link():
    demo = await prepare.prepare(settings())
    return await prepare.link_console(settings(), demo)


async def test_each_start_makes_another_link_to_the_console():
    first, second = await console_link(), await console_link()
    assert first != second
    assert first.startswith("http://localhost:8080/dev/console?once=ost_rc_")
    async with open_instance(settings()) as instance:
        user = await users.find(instance.admin, ACTOR, "admin")
        secrets = [link.partition("=")[2] for link in (first, second)]
        old, new = [await instance.store.ticket(digest(secret)) for secret in secrets]
        assert (old.user_id, new.user_id) == (user.id, user.id)
        assert old.consumed_at is not None
        assert new.consumed_at is None
        assert new.expires_at - new.created_at == 900


async def test_nobody_else_of_that_name_gets_a_link():
    async with open_instance(settings(), migrate=True) as instance:
        await organizations.create(instance.admin, ACTOR, OrganizationFields(id="own", name="Own"))
        await users.create(instance.admin, ACTOR, "own", UserFields(username="admin"))
    assert await console_link() == "http://localhost:8080/console"


async def test_where_the_administrator_is_gone_there_is_no_link():
    demo = await prepare.prepare(settings())
    async with open_instance(settings()) as instance:
        user = await users.find(instance.admin, ACTOR, "admin")
        renamed = Update(user, {"username": "former"})
        await instance.store.apply((renamed, Delete(LoginName, "admin")))
    assert await prepare.link_console(settings(), demo) == "http://localhost:8080/console"


async def test_ad_19_no_link_is_made_outside_of_development_mode():
    demo = await prepare.prepare(settings())
    served = msgspec.structs.replace(settings(), dev=False)
    with pytest.raises(Failure, match="development mode only"):
        await prepare.link_console(served, demo)
    assert "console.link_created" not in {event.type for _, event in await events()}


async def test_another_port_moves_the_application_along():
    first = await prepare.prepare(settings())
    moved = await prepare.prepare(settings(9090))
    assert (moved.password, moved.client_secret) == (first.password, first.client_secret)
    _, _, client = await look(settings(9090))
    assert client.redirect_uris == ("http://localhost:9090/demo/callback",)
    assert read_registration().issuer == "http://localhost:9090"


async def test_commands_use_the_address_of_the_server_that_ran_last():
    await prepare.prepare(settings(9090))
    assert load_settings(None).public_url == "http://localhost:9090"


@pytest.mark.parametrize("damage", [FILE.unlink, lambda: FILE.write_text("{")])
async def test_a_lost_file_gets_a_new_password_that_works(damage):
    first = await prepare.prepare(settings())
    damage()
    second = await prepare.prepare(settings())
    assert second.password != first.password
    _, user, _ = await look(settings())
    assert verify_password(user.password_hash, normalize(second.password))
    assert user.credentials_changed_at > 0


async def test_a_deleted_demo_user_is_made_again():
    demo = await prepare.prepare(settings())
    async with open_instance(settings()) as instance:
        user = await users.find(instance.admin, ACTOR, "demo")
        await users.delete(instance.admin, ACTOR, user.id)
    assert await prepare.prepare(settings()) == demo
    _, again, _ = await look(settings())
    assert again.id != user.id


async def test_what_an_administrator_decided_stays():
    await prepare.prepare(settings())
    async with open_instance(settings()) as instance:
        user = await users.find(instance.admin, ACTOR, "demo")
        await users.set_state(instance.admin, ACTOR, user.id, UserState.LOCKED)
    await prepare.prepare(settings())
    _, user, _ = await look(settings())
    assert user.state is UserState.LOCKED
