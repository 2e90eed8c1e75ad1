"""The configuration of the instance: algorithms and policies within bounds."""

import msgspec
import pytest

from ostiary.admin import instance, policies
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid
from ostiary.admin.instance import InstanceFields
from ostiary.model.policy import BOUNDS, Policies


async def update(admin, actor, **fields):
    return await instance.update(admin, actor, decode(InstanceFields, fields))


async def test_a_chosen_algorithm_is_enabled(admin, actor):
    changed = await update(admin, actor, access_token_signing_alg="EdDSA")
    assert changed.enabled_algs == ("RS256", "ES256", "EdDSA")


async def test_rs256_cannot_be_switched_off(admin, actor):
    changed = await update(admin, actor, enabled_algs=["ES256"])
    assert "RS256" in changed.enabled_algs


async def test_policies_are_merged_and_only_differences_are_stored(admin, actor, desk):
    await update(admin, actor, policies={"password": {"min_length": 12, "max_length": 256}})
    changed = await update(admin, actor, policies={"lockout": {"free_attempts": 3}})
    assert changed.policies == {"password": {"min_length": 12}, "lockout": {"free_attempts": 3}}
    in_force = policies.in_force(await instance.show(admin, actor))
    assert (in_force.password.min_length, in_force.lockout.free_attempts) == (12, 3)
    changed = await update(admin, actor, policies={"password": None, "lockout": {}})
    assert changed.policies == {"lockout": {"free_attempts": 3}}
    assert (await update(admin, actor, policies=None)).policies == {}
    assert [event.type for event in desk.events] == ["policy.changed"] * 4


async def test_nothing_new_writes_nothing(admin, actor, desk):
    await update(admin, actor, access_token_signing_alg="ES256", rsa_bits=None, policies={})
    assert desk.writes == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"access_token_signing_alg": "HS256"}, "access_token_signing_alg"),
        ({"access_token_signing_alg": "none"}, "access_token_signing_alg"),
        ({"enabled_algs": ["RS256", "ES256K"]}, "enabled_algs[1]"),
        ({"rsa_bits": 1024}, "rsa_bits"),
        ({"policies": []}, "policies"),
        ({"policies": {"pasword": {}}}, "policies.pasword"),
        ({"policies": {"password": 15}}, "policies.password"),
        ({"policies": {"password": {"min_lenght": 9}}}, "policies.password.min_lenght"),
        ({"policies": {"password": {"min_length": 7}}}, "policies.password.min_length"),
        ({"policies": {"password": {"min_length": "15"}}}, "policies.password.min_length"),
        ({"policies": {"password": {"min_length": True}}}, "policies.password.min_length"),
        ({"policies": {"password": {"min_length": 1e999}}}, "policies.password.min_length"),
        ({"policies": {"password": {"blocklist": 0}}}, "policies.password.blocklist"),
        ({"policies": {"token_lifetimes": {"code": 601}}}, "policies.token_lifetimes.code"),
        ({"policies": {"mfa": {"required": "often"}}}, "policies.mfa.required"),
        ({"policies": {"login": {"allowed_factors": ["totp"]}}}, "policies.login.allowed_factors"),
        ({"policies": {"login": {"allowed_factors": ["pin"]}}}, "policies.login.allowed_factors"),
        ({"policies": {"login": {"allowed_factors": "totp"}}}, "policies.login.allowed_factors"),
        ({"policies": {"profile": "fapi2"}}, "policies.profile"),
        ({"policies": {"login": {"identifier_first": 1}}}, "policies.login.identifier_first"),
        (
            {"policies": {"token_lifetimes": {"session_idle": 86400}}},
            "policies.token_lifetimes.session_idle",
        ),
    ],
    ids=str,
)
async def test_what_cannot_be(admin, actor, desk, fields, path):
    with pytest.raises(Invalid) as error:
        await update(admin, actor, **fields)
    assert [problem.path for problem in error.value.problems] == [path]
    assert desk.writes == 0


async def test_what_is_so_anyway_may_be_said(admin, actor):
    said = {"profile": "baseline", "mfa": {}, "require_pushed_authorization_requests": False}
    assert (await update(admin, actor, policies=said)).policies == {}


def test_every_number_of_a_policy_has_bounds_and_a_default_within():
    for policy in msgspec.structs.fields(Policies):
        if policy.type is bool:
            continue
        for field in msgspec.structs.fields(policy.type):
            if not isinstance(field.default, int) or isinstance(field.default, bool):
                continue
            low, high = BOUNDS[policy.name, field.name]
            assert low <= field.default <= high
