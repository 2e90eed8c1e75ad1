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
from ostiary.model.narrowing import narrow as join_policies
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


class TestNobodyLeft:
    """What is joined must leave a way to sign in; whoever would close the last one is told."""

    async def test_an_organization_cannot_close_its_last_way_in(self, admin, actor, acme):
        only = InstanceFields(policies={"login": {"allowed_factors": ["password", "totp"]}})
        await instance.update(admin, actor, only)
        with pytest.raises(Invalid) as caught:
            await narrow(admin, actor, {"login": {"allowed_factors": ["totp"]}}, acme)
        (problem,) = caught.value.problems
        assert problem.path == "policies.login.allowed_factors"
        assert "must have password or passkey" in problem.message

    async def test_nor_can_the_instance_close_that_of_an_organization(
        self, admin, actor, acme, desk
    ):
        await narrow(admin, actor, {"login": {"allowed_factors": ["passkey"]}}, acme)
        stricter = InstanceFields(policies={"login": {"allowed_factors": ["password", "totp"]}})
        with pytest.raises(Invalid) as caught:
            await instance.update(admin, actor, stricter)
        (problem,) = caught.value.problems
        assert problem.path == "policies.login.allowed_factors"
        assert f"the organization {acme} would have" in problem.message
        assert await desk.policies("") == Policies()
        # Once the organization has made room, it goes.
        await narrow(admin, actor, {"login": {"allowed_factors": None}}, acme)
        await instance.update(admin, actor, stricter)
        assert (await desk.policies(acme)).login.allowed_factors == ("password", "totp")

    async def test_nor_contradict_what_it_decided(self, admin, actor, acme):
        await narrow(admin, actor, {"lockout": {"soft_lock_after": 5}}, acme)
        later = InstanceFields(policies={"lockout": {"free_attempts": 8, "soft_lock_after": 12}})
        with pytest.raises(Invalid) as caught:
            await instance.update(admin, actor, later)
        assert caught.value.problems[0].path == "policies.lockout.free_attempts"
        assert f"the organization {acme} would have" in caught.value.problems[0].message

    async def test_whoever_demands_a_second_factor_allows_one(self, admin, actor, acme):
        with pytest.raises(Invalid) as caught:
            await narrow(
                admin,
                actor,
                {"mfa": {"required": "always"}, "login": {"allowed_factors": ["password"]}},
                acme,
            )
        assert [one.path for one in caught.value.problems] == ["policies.mfa.required"]
        await narrow(admin, actor, {"login": {"allowed_factors": ["password"]}}, acme)
        demanding = InstanceFields(policies={"mfa": {"required": "always"}})
        with pytest.raises(Invalid) as caught:
            await instance.update(admin, actor, demanding)
        assert f"the organization {acme} would have" in caught.value.problems[0].message

    async def test_many_are_named_by_a_few(self, admin, actor):
        for number in range(7):
            made = OrganizationFields(
                id=f"org-{number}", policies={"login": {"allowed_factors": ["passkey"]}}
            )
            await organizations.create(admin, actor, made)
        stricter = InstanceFields(policies={"login": {"allowed_factors": ["password"]}})
        with pytest.raises(Invalid) as caught:
            await instance.update(admin, actor, stricter)
        assert len(caught.value.problems) == 5

    @pytest.mark.parametrize("own", [["passkey"], ["totp"], []])
    def test_what_slips_through_lets_nobody_in(self, own):
        """Two changes at the same moment see nothing of each other: what is joined is empty."""
        instance = msgspec.structs.replace(
            Policies(), login=LoginPolicy(allowed_factors=("password",))
        )
        joined = join_policies(instance, {"login": {"allowed_factors": own}})
        assert joined.login.allowed_factors == ()
