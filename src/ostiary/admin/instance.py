"""The configuration of the instance itself."""

from typing import Any

from msgspec import UNSET, UnsetType

from ostiary.admin import policies
from ostiary.admin.actor import Actor, Level, authorize_instance
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request, suggest
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.store import Admin
from ostiary.identity.listing import read_pages
from ostiary.jose.keys import RSA_SIZES, SIGNING_ALGS
from ostiary.model.narrowing import narrow
from ostiary.model.policy import Configuration, Policies
from ostiary.oauth.effects import Effects
from ostiary.store.reads.instance import merge_policies

# OpenID Connect Discovery 3: whoever issues ID tokens can sign them with RS256.
_ALWAYS = "RS256"
_DEFAULTS = Configuration()
# Organizations that are named, of those that a change does not go with.
_TOLD = 5


class InstanceFields(Request, frozen=True, kw_only=True):
    """What is to change about the instance."""

    access_token_signing_alg: str | UnsetType | None = UNSET
    enabled_algs: tuple[str, ...] | UnsetType | None = UNSET
    rsa_bits: int | UnsetType | None = UNSET
    policies: Any | UnsetType = UNSET


async def update(admin: Admin, actor: Actor, request: InstanceFields) -> Configuration:
    """Change the configuration; an algorithm that is chosen is enabled as well.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
        Invalid: a value breaks a rule.
    """
    authorize_instance(actor)

    async def step() -> tuple[Configuration, Effects]:
        now = admin.clock.now()
        present = await admin.store.read_configuration()
        changes = differences(present, _values(request, present))
        if "policies" in changes:
            await _check_organizations(admin, merge_policies(changes["policies"]))
        changed, effects = revise(present, changes, now)
        if not effects:
            return present, ()
        event = "policy.changed" if set(changes) == {"policies"} else "instance.updated"
        return changed, (*effects, tell(event, actor, now, changed=tuple(changes)))

    return await commit(admin, step)


async def _check_organizations(admin: Admin, wanted: Policies) -> None:
    """Hold a change to what organizations decided within the policies so far.

    Raises:
        Invalid: what is joined for one of them would leave nobody able to sign in there, or
            contradict itself.
    """
    problems: list[Problem] = []
    async for page in read_pages(admin.store.list_organizations):
        for one in page:
            if one.policies:
                problems += [
                    Problem(
                        wrong.path,
                        f"{wrong.message}: that is what the organization {one.id} would have, which"
                        " narrows it; change the policies of the organization first",
                    )
                    for wrong in policies.check_together(narrow(wanted, one.policies), "policies")
                ]
        if len(problems) >= _TOLD:
            break
    if problems:
        raise Invalid(problems[:_TOLD])


async def show(admin: Admin, actor: Actor) -> Configuration:
    """Return the configuration.

    Raises:
        NotAllowed: the actor does not reach the whole instance.
    """
    authorize_instance(actor, Level.READ)
    return await admin.store.read_configuration()


def _values(request: InstanceFields, present: Configuration) -> dict[str, Any]:
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name in ("access_token_signing_alg", "enabled_algs", "rsa_bits"):
        value = getattr(request, name)
        if value is not UNSET:
            values[name] = getattr(_DEFAULTS, name) if value is None else value
    alg = values.get("access_token_signing_alg", present.access_token_signing_alg)
    enabled = values.get("enabled_algs", present.enabled_algs)
    problems += _check_algs(alg, enabled)
    values["enabled_algs"] = tuple(dict.fromkeys((_ALWAYS, *enabled, alg)))
    if values.get("rsa_bits", RSA_SIZES[0]) not in RSA_SIZES:
        problems.append(Problem("rsa_bits", f"must be one of {', '.join(map(str, RSA_SIZES))}"))
    if request.policies is not UNSET:
        values["policies"] = policies.merge(present.policies, request.policies, problems)
    if problems:
        raise Invalid(problems)
    return values


def _check_algs(alg: str, enabled: tuple[str, ...]) -> list[Problem]:
    options = ", ".join(SIGNING_ALGS)
    named = [("access_token_signing_alg", alg)]
    named += [(f"enabled_algs[{index}]", one) for index, one in enumerate(enabled)]
    return [
        Problem(path, f"must be one of {options}{suggest(one, map(str, SIGNING_ALGS))}")
        for path, one in named
        if one not in SIGNING_ALGS
    ]
