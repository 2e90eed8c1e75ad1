"""Policies of organizations: stricter than those of the instance, never laxer."""

import msgspec
import pytest

from ostiary.admin import instance, organizations
from ostiary.admin.actor import operator, within
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.instance import InstanceFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.model.event import Source
from ostiary.model.narrowing import JOINS, NARROWED
from ostiary.model.policy import LoginPolicy, Policies


async def narrow(admin, actor, policies, organization="acme"):
    request = OrganizationFields(policies=policies)
    return await organizations.update(admin, actor, organization, request)


def test_every_key_of_a_policy_that_can_be_narrowed_says_how():
    kinds = {one.name: one.type for one in msgspec.structs.fields(Policies)}
    keys = {
        (name, field.name)
        for name in NARROWED & kinds.keys()
        for field in msgspec.structs.fields(kinds[name])
    }
    assert keys <= JOINS.keys()


async def test_what_an_organization_narrows_holds_there_and_nowhere_else(admin, actor, acme, desk):
    await narrow(
        admin,
        actor,
        {
            "login": {"identifier_first": True, "remember_me": False},
            "password": {"min_length": 20},
            "lockout": {"free_attempts": 2, "soft_lock_seconds": 1800},
        },
    )
    found = await desk.policies(acme)
    assert found.login == LoginPolicy(identifier_first=True, remember_me=False)
    assert found.password.min_length == 20
    assert (found.lockout.free_attempts, found.lockout.soft_lock_seconds) == (2, 1800)
    assert await desk.policies("") == Policies()
    assert await desk.policies("default") == Policies()


async def test_an_instance_that_becomes_stricter_is_obeyed_at_once(admin, actor, acme, desk):
    await narrow(admin, actor, {"password": {"min_length": 20, "max_length": 128}})
    stricter = InstanceFields(policies={"password": {"min_length": 30}})
    await instance.update(admin, actor, stricter)
    assert (await desk.policies(acme)).password.min_length == 30
    await instance.update(admin, actor, InstanceFields(policies=None))
    found = (await desk.policies(acme)).password
    assert (found.min_length, found.max_length) == (20, 128)


async def test_null_takes_back_what_was_said(admin, actor, acme, desk):
    await narrow(admin, actor, {"password": {"min_length": 20, "max_length": 128}})
    changed = await narrow(admin, actor, {"password": {"min_length": None}})
    assert changed.policies == {"password": {"max_length": 128}}
    changed = await narrow(admin, actor, {"password": None})
    assert changed.policies == {}
    await narrow(admin, actor, {"login": {"identifier_first": True}})
    assert (await narrow(admin, actor, None)).policies == {}
    assert await desk.policies(acme) == Policies()


@pytest.mark.parametrize(
    ("given", "path", "says"),
    [
        ({"password": {"min_length": 12}}, "policies.password.min_length", "but not laxer"),
        ({"password": {"min_length": 99}}, "policies.password.min_length", "must be 8 to 64"),
        ({"password": {"blocklist": False}}, "policies.password.blocklist", "but not laxer"),
        ({"lockout": {"free_attempts": 9}}, "policies.lockout.free_attempts", "but not laxer"),
        (
            {"lockout": {"failures_per_address_per_minute": 0}},
            "policies.lockout.failures_per_address_per_minute",
            "but not laxer",
        ),
        ({"login": {"cross_site_sessions": True}}, "policies.login.cross_site_sessions", "laxer"),
        ({"login": {"identifier_frist": True}}, "policies.login.identifier_frist", "did you mean"),
        ({"login": {"identifier_first": 1}}, "policies.login.identifier_first", "true or false"),
        ({"login": True}, "policies.login", "must be a mapping"),
        ({"token_lifetimes": {"code": 30}}, "policies.token_lifetimes", "for the instance"),
        ({"passwords": {}}, "policies.passwords", "did you mean password?"),
        ([], "policies", "must be a mapping"),
    ],
)
async def test_what_an_organization_cannot_decide(admin, acme, given, path, says):
    with pytest.raises(Invalid) as caught:
        await narrow(admin, operator("tester"), given, acme)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert says in problem.message


async def test_its_own_administrator_may_and_another_one_may_not(admin, acme):
    theirs = within("user", "x", "other", Source())
    with pytest.raises(NotFound):
        await narrow(admin, theirs, {"password": {"min_length": 20}})
    own = within("user", "x", "acme", Source())
    changed = await narrow(admin, own, {"password": {"min_length": 20}})
    assert changed.policies == {"password": {"min_length": 20}}
