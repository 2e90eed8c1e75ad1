"""Reads of people: found by words, and what they are by groups, memberships and grants."""

import sqlite3
from importlib.resources import files

import pytest

from ostiary.model.membership import GroupMember, Membership, ProjectGrant
from ostiary.model.organization import RoleAssignment, State
from ostiary.model.user import Profile, UserState
from ostiary.oauth.effects import Conflict, Delete, Insert, Update
from ostiary.store.reads.users import UserFilter, _search
from ostiary.store.words import words_in, words_of
from support import records

PEOPLE = {
    "u1": {"username": "anna", "email": "anna@acme.test", "given": "Anna", "family": "Müller"},
    "u2": {"username": "Annabell", "email": None, "given": "Annabell", "family": "Anders"},
    "u3": {"username": "bob", "email": "bob@anders.test", "given": "Bob", "family": "Mueller-Lüdi"},
    "u4": {"username": "ZOË", "email": "zoe@acme.test", "given": "Zoë", "family": "van der Berg"},
}


def person(id_, **fields):
    spelled = PEOPLE[id_]
    return records.user(
        id_,
        username=spelled["username"],
        email=spelled["email"],
        profile=Profile(given_name=spelled["given"], family_name=spelled["family"]),
        **fields,
    )


@pytest.fixture
async def people(bare):
    await bare.apply(
        (
            Insert(records.organization()),
            Insert(records.organization("globex")),
            Insert(records.project()),
            *(Insert(person(id_)) for id_ in ("u1", "u2", "u3")),
            Insert(person("u4", organization_id="globex", state=UserState.LOCKED)),
        )
    )
    return bare


async def found(store, text, **filters):
    page = await store.search_users(UserFilter(text=text, **filters), "", 100)
    return [user.id for user in page.users]


class TestSearch:
    """Users are found by the beginnings of their words."""

    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("ann", ["u1", "u2"]),
            ("ANNABELL", ["u2"]),
            ("muller", ["u1"]),
            ("Mu\u0308ll", ["u1"]),
            ("ludi", ["u3"]),
            ("mueller-l", ["u3"]),
            ("bob@", ["u3"]),
            ("anders", ["u2", "u3"]),
            ("acme.t", ["u1", "u4"]),
            ("zoe", ["u4"]),
            ("berg", ["u4"]),
            ("anna m", ["u1"]),
            ("m ann", ["u1"]),
            ("berg van der zoe", ["u4"]),
            ("+4", []),
            ("%", []),
            ("_nna", []),
            ("'; DROP TABLE users; --", []),
            ("\0", ["u1", "u2", "u3", "u4"]),
            ("\ud800", ["u1", "u2", "u3", "u4"]),
            ("   ", ["u1", "u2", "u3", "u4"]),
        ],
    )
    async def test_what_is_found(self, people, text, ids):
        assert sorted(await found(people, text)) == ids

    async def test_filters_hold_for_searches_too(self, people):
        assert await found(people, "acme", organization_id="globex") == ["u4"]
        assert await found(people, "acme", state=UserState.ACTIVE) == ["u1"]
        assert await found(people, "acme", organization_id="acme", state=UserState.LOCKED) == []
        assert await found(people, "", state=UserState.LOCKED) == ["u4"]
        assert await found(people, "", organization_id="acme") == ["u1", "u2", "u3"]

    @pytest.mark.parametrize("text", ["a", "", "m", "an"])
    async def test_pages_show_each_user_once(self, people, text):
        everybody = await found(people, text)
        assert len(everybody) == len(set(everybody)) > 1
        paged = []
        after = ""
        while True:
            page = await people.search_users(UserFilter(text=text), after, 1)
            paged += [user.id for user in page.users]
            if page.after is None:
                break
            after = page.after
        assert paged == everybody

    @pytest.mark.parametrize("after", ["x", ",", "zzz,u9", "\0", "a,b,c"])
    async def test_any_position_can_be_asked_for(self, people, after):
        await people.search_users(UserFilter(text="ann"), after, 10)
        await people.search_users(UserFilter(), after, 10)

    async def test_words_follow_every_change(self, people):
        anna = await people.user("u1")
        await people.apply((Update(anna, {"username": "Karla", "email": None}),))
        assert await found(people, "karla") == ["u1"]
        assert await found(people, "anna@") == []
        anna = await people.user("u1")
        await people.apply((Update(anna, {"state": UserState.DEACTIVATED}),))
        assert await found(people, "karla", state=UserState.DEACTIVATED) == ["u1"]
        anna = await people.user("u1")
        await people.apply((Update(anna, {"password_hash": "x"}),))
        assert await found(people, "muller") == ["u1"]
        anna = await people.user("u1")
        erased = {"username": "", "profile": Profile(), "state": UserState.DELETED}
        await people.apply((Update(anna, erased),))
        assert await found(people, "muller") == []
        assert await found(people, "") == ["u2", "u3", "u4"]

    async def test_what_databases_cannot_hold_keeps_nobody_out(self, bare):
        odd = records.user("odd", metadata={"key": "\0"}, profile=Profile(name="a\0b"))
        await bare.apply((Insert(records.organization()), Insert(odd)))
        assert await found(bare, "ab") == ["odd"]
        odd = await bare.user("odd")
        await bare.apply((Update(odd, {"metadata": {"other": "\0"}}),))
        assert await found(bare, "odd") == ["odd"]


def test_words_are_bounded():
    loud = records.user(
        username="x" * 200,
        email=None,
        profile=Profile(name=" ".join(f"n{n}" for n in range(200))),
    )
    assert len(words_of(loud)) <= 24
    assert all(len(word) <= 64 for word in words_of(loud))
    assert len(words_in("a b c d e f g")) == 4
    assert words_in("ﬁ ") == ("fi",)


@pytest.mark.parametrize("filters", [(), ("organization_id",), ("organization_id", "state")])
@pytest.mark.parametrize("further", [0, 2])
def test_do_10_searches_go_by_index(filters, further):
    database = sqlite3.connect(":memory:")
    folder = files("ostiary.store") / "migrations" / "sqlite"
    for migration in sorted(folder.iterdir(), key=lambda file: file.name):
        database.executescript(migration.read_text(encoding="utf-8"))
    statement = _search(filters, further).sqlite
    values = ["x"] * (5 + len(filters) + 2 * further)
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    database.close()
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in plan), plan


def held(assignments):
    return {(one.organization_id, role) for one in assignments for role in one.roles}


class TestRoles:
    """What somebody is in a project, by one read."""

    @pytest.fixture
    async def placed(self, people):
        await people.apply(
            (
                Insert(records.group()),
                Insert(GroupMember(group_id="group-1", user_id="u1")),
                Insert(records.role_assignment("a1", user_id="u1", roles=("buyer",))),
                Insert(
                    records.role_assignment("a2", user_id="group-1", of_group=True, roles=("boss",))
                ),
                Insert(
                    ProjectGrant(
                        id="pg",
                        project_id="shop",
                        organization_id="acme",
                        granted_organization_id="globex",
                        roles=("clerk", "buyer"),
                    )
                ),
                Insert(
                    RoleAssignment(
                        id="a3",
                        organization_id="globex",
                        project_id="shop",
                        user_id="u4",
                        grant_id="pg",
                        roles=("clerk", "owner"),
                    )
                ),
            )
        )
        return people

    async def test_directly_by_groups_and_by_grants(self, placed):
        assert held(await placed.role_assignments("shop", "u1")) == {
            ("acme", "buyer"),
            ("acme", "boss"),
        }
        # A role that is not granted counts for nothing, however it came to be assigned.
        assert held(await placed.role_assignments("shop", "u4")) == {("globex", "clerk")}
        assert await placed.role_assignments("shop", "u2") == ()
        assert await placed.role_assignments("other", "u1") == ()

    async def test_a_grant_that_is_gone_takes_its_roles_along(self, placed):
        await placed.apply((Delete(ProjectGrant, "pg"),))
        assert await placed.role_assignments("shop", "u4") == ()
        again = ProjectGrant(
            id="pg2",
            project_id="shop",
            organization_id="acme",
            granted_organization_id="globex",
            roles=("clerk",),
        )
        await placed.apply((Insert(again),))
        assert await placed.role_assignments("shop", "u4") == ()

    async def test_roles_of_a_member_last_as_long_as_the_membership(self, placed):
        both = RoleAssignment(
            id="a4",
            organization_id="globex",
            project_id="shop",
            user_id="u1",
            grant_id="pg",
            roles=("clerk",),
        )
        await placed.apply((Insert(both),))
        assert ("globex", "clerk") not in held(await placed.role_assignments("shop", "u1"))
        await placed.apply((Insert(Membership(organization_id="globex", user_id="u1")),))
        assert held(await placed.role_assignments("shop", "u1")) == {
            ("acme", "buyer"),
            ("acme", "boss"),
            ("globex", "clerk"),
        }
        await placed.apply((Delete(Membership, ("globex", "u1")),))
        assert ("globex", "clerk") not in held(await placed.role_assignments("shop", "u1"))

    async def test_an_organization_that_is_shut_gives_nothing(self, placed):
        globex = await placed.read_organization("globex")
        await placed.apply((Update(globex, {"state": State.INACTIVE}),))
        assert await placed.role_assignments("shop", "u4") == ()

    async def test_service_accounts_have_roles_too(self, placed):
        await placed.apply((Insert(records.role_assignment("a5", user_id="robot")),))
        assert held(await placed.role_assignments("shop", "robot")) == {("acme", "buyer")}

    async def test_one_assignment_for_each_who_gives(self, placed):
        with pytest.raises(Conflict):
            await placed.apply((Insert(records.role_assignment("a6", user_id="u1")),))
        given = await placed.read_role_assignment("shop", "u4", "globex")
        assert given.id == "a3"
        assert await placed.read_role_assignment("shop", "u4") is None
        listed = await placed.list_role_assignments("shop", None, "", 10, "globex")
        assert [one.id for one in listed] == ["a3"]
        assert [one.id for one in await placed.list_assignments_of_grant("pg", "", 10)] == ["a3"]

    async def test_keys_of_groups_are_those_of_one_organization(self, placed):
        other = records.group("group-2", organization_id="globex", key="admins")
        await placed.apply((Insert(other), Insert(GroupMember(group_id="group-2", user_id="u1"))))
        assert await placed.group_keys("acme", "u1") == ("staff",)
        # Nobody is in a group of an organization that they do not belong to.
        assert await placed.group_keys("globex", "u1") == ()
        await placed.apply((Insert(Membership(organization_id="globex", user_id="u1")),))
        assert await placed.group_keys("globex", "u1") == ("admins",)
        groups = await placed.list_groups_of_user("u1", "", 10)
        assert [one.id for one in groups] == ["group-1", "group-2"]
        await placed.apply((Delete(GroupMember, ("group-1", "u1")),))
        assert await placed.group_keys("acme", "u1") == ()


class TestLists:
    """Lists by pages."""

    async def test_of_members_and_groups(self, people):
        await people.apply(
            (
                *(
                    Insert(Membership(organization_id="globex", user_id=id_))
                    for id_ in ("u1", "u3")
                ),
                Insert(records.group()),
                Insert(records.group("group-2", key="other")),
            )
        )
        first = await people.list_members("globex", "", 1)
        assert [one.user_id for one in first] == ["u1"]
        assert [one.user_id for one in await people.list_members("globex", "u1", 5)] == ["u3"]
        assert [one.organization_id for one in await people.list_memberships("u1", "", 5)] == [
            "globex"
        ]
        assert [one.id for one in await people.list_groups("acme", "group-1", 5)] == ["group-2"]
        assert (await people.read_group_by_key("acme", "other")).id == "group-2"
        with pytest.raises(Conflict):
            await people.apply((Insert(records.group("group-3", key="other")),))

    async def test_of_what_a_person_has(self, store):
        await store.apply(records.sign_in())
        await store.apply((Insert(records.consent()), Insert(records.personal_token())))
        assert len(await store.list_sessions_of_user("alice", "", 5)) == 1
        assert len(await store.list_grants_of_user("alice", "", 5)) == 1
        assert len(await store.list_consents_of_user("alice", "", 5)) == 1
        (token,) = await store.list_personal_tokens("alice", "", 5)
        assert await store.read_personal_token(token.id) == token
        standing = await store.personal_token(token.digest)
        assert (standing.token, standing.user.id) == (token, "alice")
        machine = records.personal_token("machine", user_id="robot")
        await store.apply((Insert(machine),))
        assert (await store.personal_token(machine.digest)).user is None
        await store.apply((Delete(type(token), token.digest),))
        assert await store.personal_token(token.digest) is None


async def test_users_of_a_state_come_by_pages(people):
    for id_, state in (("u1", UserState.LOCKED), ("u3", UserState.LOCKED)):
        user = await people.user(id_)
        await people.apply((Update(user, {"state": state}),))
    for organization, ids in ((None, ["u1", "u3", "u4"]), ("acme", ["u1", "u3"])):
        wanted = UserFilter(state=UserState.LOCKED, organization_id=organization)
        listed = []
        after = ""
        while True:
            page = await people.search_users(wanted, after, 1)
            listed += [user.id for user in page.users]
            if page.after is None:
                break
            after = page.after
        assert listed == ids
