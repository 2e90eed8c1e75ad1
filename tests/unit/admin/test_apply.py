"""Declarative configuration: made, changed, made once, pruned; refused precisely or not at all."""

import asyncio
import json

import pytest

from ostiary.admin import administrators, clients, organizations, projects, roles, users
from ostiary.admin import apply as applying
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.apply import Action, Interrupted
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.declaration import Misdeclared
from ostiary.admin.document import read
from ostiary.admin.errors import Invalid, NotAllowed, NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole
from ostiary.model.client import AccessTokenType, AppType, ClientKind
from ostiary.oauth.clients.secret import secret_matches
from ostiary.oauth.effects import Unavailable
from support.actors import holding
from support.desk import NOW
from support.jose import make_key

KEYS = {"keys": [make_key("ES256").public_jwk]}
CONTRACT = """
instance:
  access_token_signing_alg: EdDSA
  policies: {password: {min_length: 12}}
organizations:
  - id: acme
    name: ACME
    domains: [acme.test]
    branding: {}
    users:
      - username: alice
        password: {plain: "correct horse battery staple"}
        email: {address: alice@acme.test, verified: true}
        phone: {number: "+41446681800", verified: true}
        profile: {given_name: Alice, family_name: Adams, nickname: Al, locale: en,
          zoneinfo: Europe/Zurich, birthdate: 1990-01-01, gender: female,
          picture: "https://acme.test/a.png", profile: "https://acme.test/a",
          website: "https://alice.test"}
        address: {street_address: Limmatquai 1, locality: Zürich, postal_code: "8001", country: CH}
        metadata: {plan: gold}
    service_accounts:
      - id: robot
        name: Robot
    projects:
      - id: shop
        name: Shop
        roles: [{key: buyer, name: Buyer}, {key: clerk, name: Clerk}]
        apis:
          - {id: orders, audience: "https://orders.acme.test", scopes: [orders.read, orders.write]}
        applications:
          - client_id: shop-web
            client_name: Shop
            type: OIDC_APP_TYPE_WEB
            token_endpoint_auth_method: client_secret_basic
            client_secret: "at least 32 characters of it, or more"
            redirect_uris: ["https://shop.acme.test/callback"]
            post_logout_redirect_uris: ["https://shop.acme.test/"]
            grant_types: [authorization_code, refresh_token]
            response_types: [code]
            allowed_scopes: [openid, profile, email, offline_access, orders.read]
            access_token_type: OIDC_TOKEN_TYPE_BEARER
            id_token_role_assertion: false
            access_token_role_assertion: false
            id_token_userinfo_assertion: false
            clock_skew: 0
            require_pkce: true
            require_consent: true
            web_origins: ["https://shop.acme.test"]
    role_assignments:
      - {user: alice, project: shop, roles: [buyer]}
"""
# What CONTRACT makes: the rest of its keys are values of these.
MADE = {
    ("update", "instance", "instance"),
    ("create", "organization", "acme"),
    ("create", "project", "shop"),
    ("create", "role", "buyer"),
    ("create", "role", "clerk"),
    ("create", "api", "orders"),
    ("create", "service_account", "robot"),
    ("create", "application", "shop-web"),
    ("create", "user", "alice"),
    ("create", "role_assignment", "alice"),
}


def document(tree, number):
    """A file of YAML from text, of JSON from values."""
    if isinstance(tree, str):
        return read(f"{number}.yaml", tree.encode())
    return read(f"{number}.json", json.dumps(tree).encode())


@pytest.fixture
def run(admin, actor):
    async def apply(*trees, **options):
        documents = [document(tree, number) for number, tree in enumerate(trees, start=1)]
        return await applying.apply(admin, actor, documents, **options)

    return apply


@pytest.fixture
def refused(run, desk):
    """Apply what cannot be; return the messages, after a look that nothing was written."""

    async def apply(*trees, **options):
        before = desk.writes
        with pytest.raises(Misdeclared) as error:
            await run(*trees, **options)
        assert desk.writes == before
        return error.value.problems

    return apply


def summary(outcome):
    return {(change.action, change.kind, change.key) for change in outcome.changes}


def application(**changes):
    shop = {"client_id": "web", "redirect_uris": ["https://app.test/cb"]} | changes
    return {"organizations": [{"id": "acme", "projects": [{"id": "shop", "applications": [shop]}]}]}


async def test_the_example_of_the_contract(run, admin, actor):
    outcome = await run(CONTRACT)
    assert summary(outcome) == MADE
    assert [secret.client_id for secret in outcome.secrets] == ["robot"]
    web = await clients.show(admin, actor, "shop-web")
    assert web.type is AppType.WEB
    assert web.access_token_type is AccessTokenType.OPAQUE
    assert web.require_consent
    assert web.declared
    assert secret_matches(web, ("at least 32 characters of it, or more",), NOW)
    alice = await users.find(admin, actor, "alice")
    assert alice.profile.birthdate == "1990-01-01"
    assert alice.password_hash == "hash of correct horse battery staple"
    assert (await admin.store.read_role_assignment("shop", alice.id)).roles == ("buyer",)
    assert (await admin.store.read_configuration()).access_token_signing_alg == "EdDSA"


async def test_a_second_run_plans_and_writes_nothing(run, desk):
    await run(CONTRACT)
    before = desk.writes
    outcome = await run(CONTRACT)
    assert (outcome.changes, outcome.secrets, outcome.unchanged) == ([], [], len(MADE))
    assert desk.writes == before


async def test_a_dry_run_plans_the_same_writes_nothing_and_shows_no_secret(run, desk):
    outcome = await run(CONTRACT, dry_run=True)
    assert summary(outcome) == MADE
    assert desk.writes == 0
    assert (outcome.applied, outcome.secrets) == (False, [])
    assert summary(await run(CONTRACT)) == MADE


async def test_a_plan_tells_names_of_fields_and_no_values(run):
    await run(application(client_secret="s" * 32))
    outcome = await run(application(client_secret="t" * 32, client_name="New"))
    (change,) = outcome.changes
    assert (change.action, change.fields) == (Action.UPDATE, ("client_name", "secrets"))
    assert "tttt" not in repr(outcome)


async def test_what_the_file_does_not_name_stays(run, admin, actor):
    await run(application(require_consent=True))
    metadata = ClientMetadata(client_uri="https://app.test/")
    await clients.update(admin, actor, "web", metadata)
    await run(application(client_name="New"))
    web = await clients.show(admin, actor, "web")
    assert (web.require_consent, web.client_uri) == (True, "https://app.test/")


async def test_a_password_is_set_at_creation_only(run, admin, actor):
    alice = {"username": "alice", "password": {"plain": "one"}}
    tree = {"organizations": [{"id": "acme", "users": [alice]}]}
    await run(tree)
    alice["password"] = {"plain": "two"}
    assert (await run(tree)).changes == []
    assert (await users.find(admin, actor, "alice")).password_hash == "hash of one"


async def test_a_password_of_any_quality_is_taken_but_not_of_any_length(run, refused):
    user = {"username": "a", "password": {"plain": "a"}}
    tree = {"organizations": [{"id": "acme", "users": [user]}]}
    await run(tree)
    user |= {"username": "b", "password": {"plain": "x" * 257}}
    assert await refused(tree) == (
        "1.json: organizations[0].users[0].password.plain: must be at most 256 characters long",
    )


async def test_several_files_declare_parts_of_one_organization(run, admin, actor):
    users_of_acme = {"organizations": [{"id": "acme", "users": [{"username": "alice"}]}]}
    named = {"organizations": [{"id": "acme", "name": "ACME", "projects": [{"id": "shop"}]}]}
    outcome = await run(users_of_acme, named, application())
    assert {change.key for change in outcome.changes} == {"acme", "shop", "web", "alice"}
    assert (await organizations.show(admin, actor, "acme")).name == "ACME"


async def test_files_that_contradict_each_other(refused):
    first = application() | {"instance": {"rsa_bits": 2048}}
    second = application() | {"instance": {"rsa_bits": 3072}}
    place = "organizations[0].projects[0].applications[0]"
    assert await refused(first, second) == (
        "2.json: instance.rsa_bits: is another value than at 1.json: instance",
        f"2.json: {place}: is declared before, at 1.json: {place}",
    )


@pytest.mark.parametrize(
    ("part", "entries"),
    [
        ("users", [{"username": "alice"}, {"username": "ALICE"}]),
        ("service_accounts", [{"id": "robot"}, {"id": "robot"}]),
    ],
)
async def test_one_thing_twice_in_a_file(refused, part, entries):
    (problem,) = await refused({"organizations": [{"id": "acme", part: entries}]})
    assert f"{part}[1]: is declared before" in problem


async def test_a_project_in_two_organizations(refused):
    tree = {"organizations": [{"id": one, "projects": [{"id": "shop"}]} for one in ("a", "b")]}
    (problem,) = await refused(tree)
    assert "belongs to another organization" in problem


async def test_every_problem_is_told_at_once_with_file_and_line(refused):
    text = """
organizations:
  - id: acme
    projects:
      - id: shop
        aplications: []
        applications:
          - client_id: web
            redirect_uris: ["http://app.test/cb", "https://*.app.test/"]
          - redirect_uris: 5
    branding: [staff]
nonsense: 1
"""
    shop = "organizations[0].projects[0]"
    assert await refused(text) == (
        f"1.yaml:6: {shop}.aplications: is not a key that exists here; did you mean applications?",
        f"1.yaml:10: {shop}.applications[1].redirect_uris: must be a list, not a number",
        f"1.yaml:10: {shop}.applications[1].client_id: is missing",
        "1.yaml:11: organizations[0].branding: must be a mapping of keys to values, not a list",
        "1.yaml:12: nonsense: is not a key that exists here",
    )


async def test_rules_that_break_are_told_for_all_things_at_once(refused):
    text = """
organizations:
  - id: acme
    projects:
      - id: shop
        applications:
          - client_id: web
            redirect_uris:
              - https://app.test/cb
              - http://app.test/cb
          - client_id: spa
            redirect_uris: [javascript:alert(1)]
            token_endpoint_auth_method: none
    role_assignments:
      - {user: bob, project: shop, roles: [buyer]}
"""
    problems = await refused(text)
    places = [problem.split(": ")[0] for problem in problems]
    assert places == ["1.yaml:10", "1.yaml:12", "1.yaml:15"]


async def test_what_is_in_something_wrong_is_not_told_again(refused):
    tree = application()
    tree["organizations"][0]["name"] = "a\u202eb"
    assert len(await refused(tree)) == 1


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("branding", {"color": "#fff"}, "branding.color: is not a key that exists here"),
        (
            "policies",
            {"lockout": {"hard_ceiling": 5}},
            "policies.lockout.hard_ceiling: must be 10 to 100",
        ),
    ],
)
async def test_what_an_organization_decides_is_checked(refused, key, value, told):
    (problem,) = await refused({"organizations": [{"id": "acme", key: value}]})
    assert problem == f"1.json: organizations[0].{told}"


async def test_other_keys_of_later_versions(refused):
    tree = application(profile="fapi2", dpop_bound_access_tokens=True)
    tree["organizations"][0]["users"] = [{"username": "a", "totp": {"secret": "ABC"}}]
    tree["instance"] = {"policies": {}}
    problems = await refused(tree)
    assert len(problems) == 3
    assert all(problem.endswith("is not available in this version") for problem in problems)
    tree = {"instance": {"policies": {"profile": "fapi2"}}}
    problems = await refused(tree)
    assert [problem.split(": ")[1] for problem in problems] == [
        "instance.policies.profile",
    ]


@pytest.mark.parametrize("tree", [[], "text", 5, True, [{"id": "acme"}]], ids=str)
async def test_what_is_no_declaration(refused, tree):
    (problem,) = await refused(tree if not isinstance(tree, str) else f"- {tree}")
    assert "must be a mapping" in problem


@pytest.mark.parametrize(
    "tree", [None, {}, {"organizations": []}, {"organizations": None}], ids=str
)
async def test_nothing_declared_does_nothing(run, tree):
    assert (await run(tree)).changes == []


async def test_what_belongs_to_others_is_taken(run, refused, admin, actor):
    await run(CONTRACT)
    other = {
        "organizations": [
            {
                "id": "other",
                "users": [{"username": "ALICE@acme.test"}, {"username": "alice"}],
                "service_accounts": [{"id": "robot"}, {"id": "shop-web"}],
                "projects": [
                    {"id": "shop"},
                    {
                        "id": "mine",
                        "apis": [
                            {"id": "orders", "audience": "https://x.test"},
                            {"id": "mine", "audience": "https://orders.acme.test"},
                        ],
                        "applications": [
                            {"client_id": "shop-web", "redirect_uris": ["https://x.test/"]},
                            {"client_id": "robot", "redirect_uris": ["https://x.test/"]},
                        ],
                    },
                ],
            }
        ]
    }
    problems = await refused(other)
    assert len(problems) == 9
    assert all("is taken" in problem for problem in problems)
    assert not any("ACME" in problem for problem in problems)


async def test_prune_deletes_what_was_declared_and_nothing_else(run, admin, actor):
    await run(CONTRACT)
    await roles.create(admin, actor, "shop", RoleFields(key="guest"))
    metadata = ClientMetadata(client_id="by-hand", redirect_uris=("https://x.test/",))
    await clients.create(admin, actor, "shop", metadata)
    left = {"organizations": [{"id": "acme", "projects": [{"id": "shop"}]}]}
    plan = await run(left, dry_run=True, pruned=True)
    outcome = await run(left, pruned=True)
    assert outcome.changes == plan.changes
    assert summary(outcome) == {
        ("delete", kind, key)
        for _, kind, key in MADE
        if kind not in {"instance", "organization", "project", "user", "role_assignment"}
    } | {("delete", "role_assignment", (await users.find(admin, actor, "alice")).id)}
    assert (await clients.show(admin, actor, "by-hand")).client_id == "by-hand"
    assert [role.key for role in (await projects.show(admin, actor, "shop")).roles] == ["guest"]
    assert (await run(left, pruned=True)).changes == []


async def test_prune_keeps_and_tells_of_what_still_holds_something(run, admin, actor):
    await run(CONTRACT)
    other = {"organizations": [{"id": "other"}]}
    outcome = await run(other, pruned=True)
    assert [one for one in outcome.warnings if "'acme' still has users" in one]
    assert (await users.find(admin, actor, "alice")).username == "alice"
    with pytest.raises(NotFound):
        await projects.show(admin, actor, "shop")


async def test_what_was_made_by_hand_is_changed_but_never_pruned(run, admin, actor):
    await organizations.create(admin, actor, OrganizationFields(id="acme"))
    await projects.create(admin, actor, "acme", ProjectFields(id="shop"))
    await run(application())
    await run({"organizations": [{"id": "acme"}]}, pruned=True)
    assert (await projects.show(admin, actor, "shop")).id == "shop"


async def test_without_prune_nothing_is_deleted(run):
    await run(CONTRACT)
    assert (await run({"organizations": [{"id": "acme"}]})).changes == []


async def test_pruning_everything_by_an_empty_file_is_refused(run):
    with pytest.raises(Invalid, match="delete everything"):
        await run({}, pruned=True)


async def test_a_deleted_id_is_told_to_be_gone_for_good(run, refused):
    await run(application())
    await run({"organizations": [{"id": "acme", "projects": [{"id": "shop"}]}]}, pruned=True)
    (problem,) = await refused(application())
    assert "never given out twice" in problem


async def test_rt_13_a_user_made_again_is_another(run, admin, actor):
    tree = {"organizations": [{"id": "acme", "users": [{"username": "alice"}]}]}
    await run(tree)
    first = await users.find(admin, actor, "alice")
    await users.delete(admin, actor, first.id)
    await run(tree)
    assert (await users.find(admin, actor, "alice")).id != first.id


async def test_role_assignments_are_exactly_what_is_declared(run, admin, actor):
    await run(CONTRACT)
    tree = {
        "organizations": [
            {
                "id": "acme",
                "role_assignments": [
                    {"user": "alice@acme.test", "project": "shop", "roles": ["clerk"]},
                    {"service_account": "robot", "project": "shop", "roles": ["buyer"]},
                ],
            }
        ]
    }
    outcome = await run(tree)
    assert [(one.action, one.fields) for one in outcome.changes] == [
        ("update", ("roles",)),
        ("create", ()),
    ]
    assert (await run(tree)).changes == []


async def test_only_whoever_reaches_the_whole_instance_applies(admin):
    for lesser in (
        holding("org_owner", "acme"),
        holding("instance_viewer"),
    ):
        with pytest.raises(NotAllowed):
            await applying.apply(admin, lesser, [document(application(), 1)])


async def test_an_interrupted_run_tells_what_it_did_and_a_second_one_carries_on(
    admin, actor, run, monkeypatch
):
    """Somebody registers the same client_id between the plan and its execution."""
    theirs = ClientMetadata(client_id="b", redirect_uris=("https://x.test/",))
    await organizations.create(admin, actor, OrganizationFields(id="other"))
    await projects.create(admin, actor, "other", ProjectFields(id="theirs"))
    tree = application(client_id="a")
    tree["organizations"][0]["projects"][0]["applications"].append(
        {"client_id": "b", "redirect_uris": ["https://app.test/cb"]}
    )
    tree["organizations"][0]["projects"][0]["applications"].append(
        {"client_id": "c", "redirect_uris": ["https://app.test/cb"]}
    )

    async def interfere(*arguments):
        if arguments[2].key == "b" and arguments[0] is admin:
            await clients.create(admin, actor, "theirs", theirs)
        return await original(*arguments)

    original = applying.bring_about
    monkeypatch.setattr(applying, "bring_about", interfere)
    with pytest.raises(Interrupted) as error:
        await run(tree)
    assert [change.key for change in error.value.outcome.changes] == ["acme", "shop", "a", "c"]
    assert [secret.client_id for secret in error.value.outcome.secrets] == ["a", "c"]


async def test_a_database_that_goes_away_loses_no_secret(admin, actor, run, monkeypatch):
    async def go_away(*arguments):
        if arguments[2].key == "alice" and arguments[0] is admin:
            raise Unavailable
        return await original(*arguments)

    original = applying.bring_about
    monkeypatch.setattr(applying, "bring_about", go_away)
    with pytest.raises(Interrupted) as error:
        await run(CONTRACT)
    assert [secret.client_id for secret in error.value.outcome.secrets] == ["robot"]
    monkeypatch.undo()
    assert {change.key for change in (await run(CONTRACT)).changes} == {"alice"}


async def test_a_cancelled_run_finishes_what_it_began_and_tells_its_secrets(
    admin, actor, run, monkeypatch
):
    begun = asyncio.Event()

    async def slow(*arguments):
        if arguments[0] is admin and arguments[2].key == "robot":
            begun.set()
            await asyncio.sleep(0.05)
        return await original(*arguments)

    original = applying.bring_about
    monkeypatch.setattr(applying, "bring_about", slow)
    task = asyncio.create_task(run(CONTRACT))
    await begun.wait()
    task.cancel()
    with pytest.raises(Interrupted) as error:
        await task
    assert [secret.client_id for secret in error.value.outcome.secrets] == ["robot"]
    assert (await clients.show(admin, actor, "robot", kind=ClientKind.SERVICE_ACCOUNT)).secrets
    with pytest.raises(NotFound):
        await clients.show(admin, actor, "shop-web")


async def test_progress_is_told(run):
    told = []
    await run(CONTRACT, progress=lambda done, everything: told.append((done, everything)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (len(MADE), len(MADE))


async def test_many_things_are_planned_in_one_pass(run, desk):
    """Each is written once, and a plan of a thousand costs no write."""
    tree = application()
    tree["organizations"][0]["users"] = [{"username": f"user{n}"} for n in range(1000)]
    await run(tree, dry_run=True)
    assert desk.writes == 0
    outcome = await run(tree)
    assert desk.writes == len(outcome.changes) == 1003


async def test_a_service_account_with_keys_is_the_same_the_second_time(run):
    tree = {"organizations": [{"id": "acme", "service_accounts": [{"id": "robot", "jwks": KEYS}]}]}
    assert (await run(tree)).secrets == []
    assert (await run(tree)).changes == []


async def test_a_user_who_exists_is_changed(run, admin, actor):
    await organizations.create(admin, actor, OrganizationFields(id="acme"))
    await users.create(admin, actor, "acme", UserFields(username="alice"))
    alice = {"username": "Alice", "phone": {"number": "+41446681800"}}
    outcome = await run({"organizations": [{"id": "acme", "users": [alice]}]})
    assert [(one.action, one.fields) for one in outcome.changes] == [
        ("update", ("username", "phone_number"))
    ]


async def test_administrators_are_declared_once_and_pruned(run, admin, actor):
    tree = {
        "organizations": [
            {
                "id": "acme",
                "users": [{"username": "alice"}],
                "service_accounts": [{"id": "robot"}],
                "projects": [{"id": "shop"}],
                "administrators": [
                    {"user": "alice", "role": "org_user_manager"},
                    {"user": "alice", "role": "project_owner", "project": "shop"},
                ],
            }
        ],
        "administrators": [{"service_account": "robot", "role": "instance_viewer"}],
    }
    made = await run(tree)
    kinds = [change.kind for change in made.changes]
    assert kinds.count("administrator") == 3
    assert (await run(tree)).changes == []
    owners = await administrators.list_all(admin, actor, None)
    assert {(one.role.value, one.organization_id, one.project_id) for one in owners} == {
        ("org_user_manager", "acme", None),
        ("project_owner", "acme", "shop"),
        ("instance_viewer", None, None),
    }
    alice = await users.find(admin, actor, "alice")
    by_hand = AdministratorFields(role=AdministratorRole.INSTANCE_OWNER, user=alice.id)
    kept = await administrators.grant(admin, actor, by_hand)
    del tree["administrators"]
    tree["organizations"][0]["administrators"].pop()
    pruned = await run(tree, pruned=True)
    deleted = [change.kind for change in pruned.changes if change.action is Action.DELETE]
    assert deleted == ["administrator", "administrator"]
    left = await administrators.list_all(admin, actor, None)
    assert {one.role.value for one in left} == {"org_user_manager", "instance_owner"}
    assert kept in left
