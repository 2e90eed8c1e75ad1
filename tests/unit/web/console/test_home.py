"""The first page: what is left to do, gone when it is done, and what failed last."""

import re

import msgspec
import pytest

from ostiary.admin.actor import system
from ostiary.model.client import Client
from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth.effects import Delete
from ostiary.settings import Smtp
from ostiary.web.api.endpoint import Service
from ostiary.web.console.checklist import list_tasks
from ostiary.web.console.pictures import last_failures
from support.account import visit
from support.console import add_other, administer, links_of, open_console
from support.instance import NOW, SHOP, open_instance

APPLICATION, USER = "Register the first application", "Add the first person"
FACTOR, BACKUP = "Ask administrators for a second factor", "Back it up"


@pytest.fixture
async def fresh(tmp_path):
    """An instance with nobody but Alice, who owns it, and no application."""
    async with open_instance(tmp_path) as instance:
        for client_id in ("shop", "blog"):
            await instance.apply(Delete(Client, client_id))
        await administer(instance, "instance_owner")
        yield instance


@pytest.fixture
async def owner(fresh):
    """Her browser."""
    async with fresh.browser() as browser:
        await open_console(browser)
        yield browser


def tasks_of(page) -> list[str]:
    """Return what is left to do."""
    listed = page.text.partition('aria-labelledby="tasks"')[2].partition("</section>")[0]
    return re.findall(r"<li><(?:a href=\"[^\"]*\"|strong)>([^<]*)<", listed)


async def names_of(instance, **settings) -> list[str]:
    """Return the names of what is left to do for whoever may do everything."""
    changed = msgspec.structs.replace(instance.idp.settings, **settings)
    found = await list_tasks(changed, Service(instance.idp).admin, system("test"), None)
    return [one.name for one in found]


class TestTasks:
    async def test_what_is_done_is_gone(self, fresh, owner) -> None:
        page = await visit(owner, "/console")
        assert tasks_of(page) == [APPLICATION, USER, FACTOR, BACKUP]
        wanted = {"/advisor", "/console/do/create_user", "/console/policies#policy-mfa"}
        assert wanted <= links_of(page)
        for url in wanted:
            assert (await visit(owner, url)).status_code == 200
        await fresh.add(msgspec.structs.replace(SHOP, project_id="store"))
        assert tasks_of(await visit(owner, "/console")) == [USER, FACTOR, BACKUP]
        await fresh.add_user("bob")
        assert tasks_of(await visit(owner, "/console")) == [FACTOR, BACKUP]
        policies = {"mfa": {"required": "administrators"}}
        await fresh.change(await fresh.store.read_configuration(), policies=policies)
        assert await names_of(fresh) == []

    async def test_without_a_mail_server_there_is_one_to_connect(self, fresh) -> None:
        every = ["application", "user", "second_factor", "mail", "backup"]
        assert await names_of(fresh, smtp=Smtp()) == every
        # In development mails are caught.
        assert "mail" not in await names_of(fresh, smtp=Smtp(), dev=True)

    @pytest.mark.parametrize(
        ("role", "left"),
        [
            ("instance_viewer", []),
            ("org_owner", [APPLICATION, USER]),
            ("org_user_manager", [USER]),
            ("org_viewer", []),
            ("project_owner", []),
        ],
    )
    async def test_ad_01_nobody_is_told_of_what_is_not_theirs_to_do(
        self, tmp_path, role, left
    ) -> None:
        async with open_instance(tmp_path) as instance, instance.browser() as browser:
            for client_id in ("shop", "blog"):
                await instance.apply(Delete(Client, client_id))
            await add_other(instance)
            await administer(instance, role)
            assert tasks_of(await open_console(browser)) == left


class TestFailures:
    TRACE = Trace(
        id="one",
        at=NOW,
        endpoint=Endpoint.TOKEN,
        outcome=Result.FAILURE,
        client_id="shop",
        organization_id="acme",
        project_id="store",
        rule="code-unknown",
    )

    def make(self, number: int, **fields) -> Trace:
        """Return a trace of its own."""
        return msgspec.structs.replace(self.TRACE, id=f"t{number}", turn=number, **fields)

    def test_each_kind_is_told_once_the_newest_first(self) -> None:
        found = [
            self.make(9),
            self.make(8, outcome=Result.SUCCESS, rule=None),
            self.make(7),
            self.make(6, rule=None, error="invalid_scope"),
            self.make(5, client_id="blog"),
            *(self.make(n, rule=f"rule-{n}") for n in range(4)),
        ]
        assert [one.id for one in last_failures(found)] == ["t9", "t6", "t5", "t0", "t1"]

    async def test_they_lead_to_their_explanation(self, fresh, owner) -> None:
        assert "Requests that failed last" not in (await visit(owner, "/console")).text
        await fresh.add(self.make(1))
        page = await visit(owner, "/console")
        assert "Requests that failed last" in page.text
        assert "/console/traces/t1" in links_of(page)

    async def test_ad_01_those_of_others_are_theirs(self, tmp_path) -> None:
        async with open_instance(tmp_path) as instance, instance.browser() as browser:
            await add_other(instance)
            await administer(instance, "org_viewer")
            await instance.add(self.make(1, organization_id="other", project_id="elsewhere"))
            assert "/console/traces/t1" not in (await open_console(browser)).text
