"""What lint finds is mended by an ordinary change, undone, or accepted for a reason."""

import msgspec
import pytest

from ostiary.admin import clients, lint, mends, organizations, projects
from ostiary.admin.actor import Actor, Holding, operator
from ostiary.admin.client_metadata import ClientMetadata, LegacyFields
from ostiary.admin.errors import Contended, Invalid, NotAllowed, NotFound, Overtaken
from ostiary.admin.mends import SilenceFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.model.administrator import AdministratorRole
from ostiary.model.client import AppType
from ostiary.model.sighting import DAY, Sighting, Trait
from ostiary.oauth.effects import Conflict
from support.jose import make_key

ROOT = operator("root")
RULE = "redirect-uri-loopback"
FAR, ONE, TWO = "https://app.example/cb", "http://localhost/cb", "http://127.0.0.1/cb"


def actor(role: AdministratorRole, organization="acme", project=None) -> Actor:
    holding = Holding(role=role, organization_id=organization, project_id=project)
    return Actor(type="user", id="someone", holds=(holding,))


@pytest.fixture
async def made(desk):
    for place in ("acme", "other"):
        await organizations.create(desk.admin, ROOT, OrganizationFields(id=place))
        await projects.create(desk.admin, ROOT, place, ProjectFields(id=f"{place}-shop"))
    await add(desk, "web", redirect_uris=(FAR, ONE, TWO))
    return desk


async def add(desk, client_id, project="acme-shop", **fields):
    metadata = ClientMetadata(client_id=client_id, **fields)
    return (await clients.create(desk.admin, ROOT, project, metadata)).client


async def mend(desk, target=ONE, who=ROOT, client_id="web", rule=RULE):
    return await mends.mend(desk.admin, desk, who, client_id, rule=rule, target=target)


async def undo(desk, done, who=ROOT, client_id="web"):
    return await mends.undo(desk.admin, desk, who, client_id, done.mend.id)


async def found(desk, who=ROOT, client_id="web"):
    report = await lint.inspect(desk.admin, desk, who, client_id)
    return {(one.finding.rule, one.finding.target): one.silence for one in report.findings}


async def test_a_mend_changes_what_was_found_and_is_told(made):
    assert await found(made) == {(RULE, ONE): None, (RULE, TWO): None}
    done = await mend(made)
    assert done.client.redirect_uris == (FAR, TWO)
    assert await made.read_client("web") == done.client
    assert done.mend.before == {"redirect_uris": [FAR, ONE, TWO]}
    assert done.mend.after == {"redirect_uris": [FAR, TWO]}
    assert await found(made) == {(RULE, TWO): None}
    assert [(one.type, one.target) for one in made.events[-2:]] == [
        ("client.updated", "acme-shop"),
        ("lint.mended", RULE),
    ]


async def test_what_follows_from_a_change_is_put_back_as_well(made):
    """Origins of a public client are worked out of its redirect URIs."""
    present = await add(
        made, "pages", type=AppType.USER_AGENT, redirect_uris=(FAR, "http://localhost:5173/")
    )
    done = await mend(made, "http://localhost:5173/", client_id="pages")
    assert done.client.web_origins == ("https://app.example",)
    undone = await undo(made, done, client_id="pages")
    assert undone.client.web_origins == present.web_origins
    assert undone.client.redirect_uris == present.redirect_uris


async def test_undone_it_is_as_it_was_but_for_its_version(made):
    before = await made.read_client("web")
    done = await mend(made)
    undone = await undo(made, done)
    assert undone.client.version == before.version + 2
    left = {"version": 0, "updated_at": 0, "widened_at": {}}
    now = await made.read_client("web")
    assert msgspec.structs.replace(now, **left) == msgspec.structs.replace(before, **left)
    assert [one.type for one in made.events[-2:]] == ["client.updated", "lint.undone"]
    with pytest.raises(Overtaken, match="undone before"):
        await undo(made, done)


async def test_a_legacy_opt_in_is_put_back_with_reason_and_end(made):
    opted = LegacyFields(reason="A portal.", until="2099-12-31")
    present = await add(made, "portal", redirect_uris=(FAR,), legacy=opted)
    done = await mend(made, "", client_id="portal", rule="legacy-unused")
    assert done.client.legacy is None
    assert not done.client.uses_legacy
    undone = await undo(made, done, client_id="portal")
    assert (undone.client.legacy, undone.client.uses_legacy) == (present.legacy, True)


async def test_a_lifetime_is_put_back_to_none(made):
    changes = {"access_token_lifetime": 3600, "refresh_idle_lifetime": None}
    await add(made, "api-user", redirect_uris=(FAR,), **changes)
    done = await mend(made, "", client_id="api-user", rule="access-token-long")
    assert (done.client.lifetimes.access_token, done.mend.before) == (
        900,
        {"access_token_lifetime": 3600},
    )
    undone = await undo(made, done, client_id="api-user")
    assert undone.client.lifetimes.access_token == 3600


async def test_it_is_not_undone_over_what_somebody_changed_since(made):
    first, second = await mend(made), await mend(made, TWO)
    with pytest.raises(Overtaken, match="redirect_uris"):
        await undo(made, first)
    assert (await made.read_client("web")).redirect_uris == (FAR,)
    # The other way round nothing is lost, and other changes are in nobody's way.
    await clients.update(made.admin, ROOT, "web", ClientMetadata(client_name="Web"))
    await undo(made, second)
    await undo(made, first)
    after = await made.read_client("web")
    assert (after.redirect_uris, after.client_name) == ((FAR, ONE, TWO), "Web")


async def test_what_is_put_back_was_there_to_be_seen_from_then_on(made):
    done = await mend(made)
    made.now_ += 50 * DAY
    undone = await undo(made, done)
    assert undone.client.widened_at == {"redirect_uris": made.now_}


async def test_it_is_undone_within_its_time_and_for_its_own_application(made):
    await add(made, "blog", redirect_uris=(FAR,))
    done = await mend(made)
    with pytest.raises(NotFound):
        await undo(made, done, client_id="blog")
    with pytest.raises(NotFound):
        await mends.undo(made.admin, made, ROOT, "web", "no-such-mend")
    assert [one.id for one in await mends.list_mends(made.admin, made, ROOT, "web")] == [
        done.mend.id
    ]
    made.now_ += mends.UNDO_WITHIN
    assert await mends.list_mends(made.admin, made, ROOT, "web") == ()
    with pytest.raises(NotFound):
        await undo(made, done)


@pytest.mark.parametrize(
    ("rule", "target"),
    [(RULE, "https://app.example/cb"), (RULE, ""), ("scope-unused", "openid"), ("no-rule", "")],
)
async def test_what_is_not_found_is_not_mended(made, rule, target):
    with pytest.raises(NotFound, match="finding"):
        await mend(made, target, rule=rule)


async def test_what_a_person_has_to_decide_is_not_mended(made):
    await add(made, "odd", redirect_uris=(FAR,), allowed_scopes=("profile",))
    with pytest.raises(Invalid, match="a person has to decide"):
        await mend(made, "", client_id="odd", rule="openid-missing")


async def test_of_two_mends_at_once_none_is_lost(made):
    """Whoever loses decides once more, on what the other one left."""
    apply, turns = made.apply, []

    async def after_another(effects):
        if not turns:
            turns.append(effects)
            await mend(made, TWO)
            raise Conflict(effects[0])
        await apply(effects)

    made.apply = after_another
    await mend(made)
    assert (await made.read_client("web")).redirect_uris == (FAR,)


async def test_a_race_that_is_lost_twice_writes_nothing(made):
    async def lose(effects):
        raise Conflict(effects[0])

    made.apply = lose
    with pytest.raises(Contended):
        await mend(made)


async def test_ad_01_whoever_may_look_changes_nothing(made):
    done = await mend(made, TWO)
    viewer = actor(AdministratorRole.ORG_VIEWER)
    assert await found(made, viewer) == {(RULE, ONE): None}
    with pytest.raises(NotAllowed):
        await mend(made, who=viewer)
    with pytest.raises(NotAllowed):
        await undo(made, done, viewer)
    with pytest.raises(NotAllowed):
        await accept(made, "No.", who=viewer)


async def test_ad_01_of_others_there_is_nothing(made):
    done = await mend(made, TWO)
    stranger = actor(AdministratorRole.ORG_OWNER, "other")
    for call in (
        found(made, stranger),
        mend(made, who=stranger),
        undo(made, done, stranger),
        accept(made, "No.", who=stranger),
        mends.list_mends(made.admin, made, stranger, "web"),
        lint.inspect_all(made.admin, made, stranger, "acme"),
        lint.list_legacy(made.admin, made, stranger, "acme"),
        lint.inspect_policies(made.admin, stranger, "acme"),
    ):
        with pytest.raises(NotFound):
            await call
    for call in (
        lint.inspect_all(made.admin, made, stranger, None),
        lint.list_legacy(made.admin, made, stranger, None),
        lint.inspect_policies(made.admin, stranger, None),
    ):
        with pytest.raises(NotAllowed):
            await call
    assert await lint.inspect_all(made.admin, made, stranger, "other") == ()


async def test_ad_01_a_project_owner_sees_their_project_alone(made):
    await projects.create(made.admin, ROOT, "acme", ProjectFields(id="acme-blog"))
    await add(made, "blog", "acme-blog", redirect_uris=(FAR, ONE))
    owner = actor(AdministratorRole.PROJECT_OWNER, project="acme-blog")
    reports = await lint.inspect_all(made.admin, made, owner, None, "acme-blog")
    assert [one.client.client_id for one in reports] == ["blog"]
    await mend(made, who=owner, client_id="blog")
    with pytest.raises(NotFound):
        await found(made, owner)


async def accept(desk, reason, target=ONE, who=ROOT, rule=RULE):
    request = SilenceFields(rule=rule, target=target, reason=reason)
    return await mends.judge(desk.admin, desk, who, "web", request)


async def test_a_finding_is_accepted_and_told_of_again(made):
    accepted = await accept(made, "It is for the developers.")
    assert await found(made) == {(RULE, ONE): accepted, (RULE, TWO): None}
    assert (accepted.reason, accepted.actor_type, accepted.actor_id) == (
        "It is for the developers.",
        "operator",
        "root",
    )
    assert (made.events[-1].type, made.events[-1].target) == ("lint.silenced", RULE)
    await accept(made, "For developers.")
    assert (await found(made))[RULE, ONE].reason == "For developers."
    writes = made.writes
    await accept(made, "For developers.")
    assert made.writes == writes
    assert await accept(made, None) is None
    assert await found(made) == {(RULE, ONE): None, (RULE, TWO): None}
    assert made.events[-1].type == "lint.unsilenced"
    writes = made.writes
    await accept(made, None)
    assert made.writes == writes


@pytest.mark.parametrize("reason", ["", "  ", "x" * 255, "two\nlines", "\u202e"])
async def test_a_reason_says_something(made, reason):
    with pytest.raises(Invalid, match="reason"):
        await accept(made, reason)


async def test_only_what_is_found_is_accepted(made):
    with pytest.raises(NotFound):
        await accept(made, "Why not.", target=FAR)
    with pytest.raises(Invalid, match="rule"):
        await accept(made, "Why not.", rule="no-rule")


async def test_what_was_seen_decides(made):
    await add(made, "used", redirect_uris=(FAR,), grant_types=("authorization_code",))
    seen = [
        Sighting(
            client_id="used",
            trait=trait,
            value=value,
            first_seen_at=made.now_,
            last_seen_at=made.now_ + 99 * DAY,
        )
        for trait, value in (
            (Trait.SCOPE, "openid"),
            (Trait.GRANT_TYPE, "authorization_code"),
            (Trait.NONCE, "absent"),
        )
    ]
    await made.note_sightings(seen, made.now_)
    made.now_ += 100 * DAY
    findings = await found(made, client_id="used")
    assert ("nonce-never-sent", "") in findings
    assert {target for rule, target in findings if rule == "scope-unused"} == {
        *("profile", "email", "phone", "address")
    }
    assert ("never-used", "") in await found(made)


async def test_reports_come_in_pages_with_what_each_is_nearest_to(made):
    await add(made, "api", type=AppType.API, grant_types=("client_credentials",))
    key = {"keys": [make_key("ES256").public_jwk]}
    await add(made, "keyed", redirect_uris=(FAR,), jwks=key)
    first, *others = await lint.inspect_all(made.admin, made, ROOT, None, limit=2)
    assert [first.client.client_id, others[0].client.client_id] == ["api", "keyed"]
    assert first.likeness.rule == "m2m-secret"
    assert [one.finding.rule for one in others[0].findings] == ["method-weak"]
    (last,) = await lint.inspect_all(made.admin, made, ROOT, None, after="keyed")
    assert (last.client.client_id, last.likeness.rule) == ("web", "web")


async def test_legacy_flows_are_listed_with_who_still_uses_them(made):
    old = ("authorization_code", "implicit")
    for name, until in (("done", "2020-01-01"), ("portal", None)):
        await add(
            made,
            name,
            redirect_uris=(FAR,),
            grant_types=old,
            response_types=("code", "code id_token"),
            legacy=LegacyFields(reason="A portal.", until=until),
        )
    seen = Sighting(
        client_id="portal",
        trait=Trait.RESPONSE_TYPE,
        value="code id_token",
        first_seen_at=made.now_,
        last_seen_at=made.now_,
    )
    await made.note_sightings((seen,), made.now_)
    done, portal = await lint.list_legacy(made.admin, made, ROOT, "acme")
    assert (done.in_force, done.last_used) == (False, None)
    assert (portal.in_force, portal.last_used) == (True, "2027-01-15")
    assert portal.uses == ("code id_token",)
    assert await lint.list_legacy(made.admin, made, ROOT, None, "other-shop") == ()


async def test_an_organization_hears_of_what_holds_for_it(made):
    instance = await lint.inspect_policies(made.admin, ROOT, None)
    assert [one.rule for one in instance] == ["policy-mfa"]
    assert await lint.inspect_policies(made.admin, ROOT, "acme") == instance
    policies = {"mfa": {"required": "always"}}
    await organizations.update(made.admin, ROOT, "acme", OrganizationFields(policies=policies))
    assert await lint.inspect_policies(made.admin, ROOT, "acme") == ()
    assert await lint.inspect_policies(made.admin, ROOT, None) == instance
