"""Users: made, changed, given passwords, locked, erased."""

import pytest

from ostiary.admin import projects, role_assignments, roles, service_accounts, user_passwords, users
from ostiary.admin.actor import Actor, Holding
from ostiary.admin.decode import decode
from ostiary.admin.errors import AlreadyExists, Contended, Invalid, NotAllowed, NotFound
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.identity.passwords import hash_password
from ostiary.model.administrator import AdministratorRole
from ostiary.model.user import Address, Profile, UserState
from ostiary.store.reads.users import UserFilter
from support.desk import NOW

ALICE = {
    "username": "Alice",
    "password": {"plain": "x"},
    "email": {"address": "alice@acme.test", "verified": True},
    "phone": {"number": "+41446681800"},
    "profile": {"given_name": "Alice", "birthdate": "1990-01-01", "website": "https://alice.test"},
    "address": {"locality": "Zürich", "formatted": "Limmatquai 1\n8001 Zürich"},
    "metadata": {"plan": "gold"},
}


COSTLY = "$argon2id$v=19$m=9999999,t=2,p=1$" + "a" * 22 + "$" + "b" * 43


async def create(admin, actor, **changes):
    return await users.create(admin, actor, "acme", decode(UserFields, ALICE | changes))


async def test_a_user_with_everything(admin, actor, acme, desk):
    made = await create(admin, actor)
    assert made.password_hash == "hash of x"
    assert (made.email, made.email_verified) == ("alice@acme.test", True)
    assert (made.phone_number, made.phone_number_verified) == ("+41446681800", False)
    assert made.profile.given_name == "Alice"
    assert made.address.locality == "Zürich"
    assert made.metadata == {"plan": "gold"}
    assert made.state is UserState.ACTIVE
    event = desk.events[-1]
    assert (event.type, event.user_id) == ("account.created", made.id)
    assert "alice@acme.test" not in str(desk.events)


async def test_a_user_is_found_by_id_and_by_every_spelling_of_their_names(admin, actor, acme):
    made = await create(admin, actor)
    for name in (made.id, "alice", "ALICE", " alice", "Alice@Acme.test", "\uff41lice"):
        assert (await users.find(admin, actor, name)).id == made.id
    with pytest.raises(NotFound):
        await users.find(admin, actor, "bob")


@pytest.mark.parametrize(
    "other",
    [
        {"username": "alice"},
        {"username": "\uff21LICE"},
        {"username": "alice@acme.test"},
        {"username": "bob", "email": {"address": "ALICE@acme.test"}},
    ],
    ids=str,
)
async def test_names_and_addresses_are_one_namespace(admin, actor, acme, other):
    await create(admin, actor)
    with pytest.raises(AlreadyExists):
        await users.create(admin, actor, "acme", decode(UserFields, other))


async def test_a_new_name_is_taken_and_the_old_one_is_free(admin, actor, acme):
    made = await create(admin, actor)
    rename = decode(UserFields, {"username": "alice2", "email": {"address": "alice@acme.test"}})
    changed = await users.update(admin, actor, made.id, rename)
    assert changed.email_verified is False
    again = await create(admin, actor, username="alice", email=None)
    assert (await users.find(admin, actor, "alice")).id == again.id
    assert (await users.find(admin, actor, "alice2")).id == made.id
    with pytest.raises(AlreadyExists):
        await users.update(admin, actor, again.id, decode(UserFields, {"username": "ALICE2"}))


async def test_what_is_not_given_stays_and_null_takes_away(admin, actor, acme):
    made = await create(admin, actor)
    change = {"profile": {"nickname": "Al", "birthdate": None}, "phone": None, "address": None}
    changed = await users.update(admin, actor, made.id, decode(UserFields, change))
    assert changed.profile == Profile(
        given_name="Alice", nickname="Al", website="https://alice.test"
    )
    assert (changed.phone_number, changed.address) == (None, None)
    assert changed.metadata == {"plan": "gold"}


async def test_an_empty_address_is_none(admin, actor, acme):
    made = await create(admin, actor, address={"locality": ""})
    assert made.address is None
    changed = await users.update(
        admin, actor, made.id, decode(UserFields, {"address": {"country": "CH"}})
    )
    assert changed.address == Address(country="CH")


async def test_a_change_without_difference_writes_nothing(admin, actor, acme, desk):
    made = await create(admin, actor)
    before = desk.writes
    same = decode(UserFields, {name: value for name, value in ALICE.items() if name != "password"})
    assert (await users.update(admin, actor, made.id, same)).version == 1
    assert desk.writes == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"username": "a b"}, "username"),
        ({"username": "\u2060"}, "username"),
        ({"email": {"address": "a@b@c.test"}}, "email.address"),
        ({"phone": {"number": "044"}}, "phone.number"),
        ({"profile": {"website": "javascript:alert(1)"}}, "profile.website"),
        ({"profile": {"picture": "file:///etc/passwd"}}, "profile.picture"),
        ({"profile": {"given_name": "A\u202eB"}}, "profile.given_name"),
        ({"profile": {"family_name": "x" * 201}}, "profile.family_name"),
        ({"profile": {"birthdate": "yesterday"}}, "profile.birthdate"),
        ({"profile": {"zoneinfo": "../x"}}, "profile.zoneinfo"),
        ({"address": {"formatted": "a\x07"}}, "address.formatted"),
        ({"metadata": {"": "x"}}, "metadata."),
        ({"metadata": {"k": "x" * 2001}}, "metadata.k"),
        ({"metadata": {"k": "\0"}}, "metadata.k"),
        ({"metadata": {str(n): "x" for n in range(51)}}, "metadata"),
        ({"password": {}}, "password"),
        ({"password": {"plain": "a", "hash": "b"}}, "password"),
        ({"password": {"plain": ""}}, "password.plain"),
        ({"password": {"plain": "x" * 257}}, "password.plain"),
        ({"password": {"plain": "é" * 250 * 3}}, "password.plain"),
        ({"password": {"hash": "$2b$12$" + "x" * 53}}, "password.hash"),
        ({"password": {"hash": COSTLY}}, "password.hash"),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
async def test_what_cannot_be(admin, actor, acme, change, path):
    with pytest.raises(Invalid) as error:
        await create(admin, actor, **change)
    assert [problem.path for problem in error.value.problems] == [path]


async def test_a_hash_from_elsewhere_is_taken_as_it_is(admin, actor, acme):
    encoded = hash_password(b"x", admin.entropy)
    made = await create(admin, actor, password={"hash": encoded})
    assert made.password_hash == encoded


async def test_a_user_needs_a_name(admin, actor, acme):
    with pytest.raises(Invalid, match="username: is missing"):
        await users.create(admin, actor, "acme", UserFields())


async def test_a_password_is_set_at_creation_only(admin, actor, acme):
    made = await create(admin, actor)
    with pytest.raises(Invalid, match="at creation only"):
        await users.update(admin, actor, made.id, decode(UserFields, {"password": {"plain": "y"}}))


async def test_se_04_a_new_password_ends_what_the_old_one_opened(admin, actor, acme, desk):
    made = await create(admin, actor)
    desk.now_ += 100
    given = await user_passwords.set_password(admin, actor, made.id)
    assert given.user.credentials_changed_at == NOW + 100
    assert given.user.password_hash == f"hash of {given.password}"
    assert len(given.password) > 20
    assert desk.events[-1].type == "password.changed"
    assert given.password not in str(desk.events)


@pytest.mark.parametrize(
    "password", ["short", "alice@acme.test", "aaaaaaaaaaaaaaaa", "x" * 300, "\x07" * 20]
)
async def test_chosen_passwords_obey_the_policy(admin, actor, acme, password):
    made = await create(admin, actor)
    with pytest.raises(Invalid) as error:
        await user_passwords.set_password(admin, actor, made.id, password)
    assert [problem.path for problem in error.value.problems] == ["password"]
    assert password not in str(error.value)


async def test_a_chosen_password_is_not_shown_again(admin, actor, acme):
    made = await create(admin, actor)
    given = await user_passwords.set_password(admin, actor, made.id, "violet tram sings quietly")
    assert given.password is None


async def test_locking_and_unlocking(admin, actor, acme, desk):
    made = await create(admin, actor)
    for state in (UserState.LOCKED, UserState.DEACTIVATED, UserState.ACTIVE):
        assert (await users.set_state(admin, actor, made.id, state)).state is state
    told = [event.type for event in desk.events if event.user_id == made.id]
    assert told[1:] == ["account.locked", "account.disabled", "account.enabled"]
    for state in (UserState.DELETED, UserState.PENDING):
        with pytest.raises(Invalid):
            await users.set_state(admin, actor, made.id, state)


async def test_deleting_erases_what_is_personal_and_frees_the_names(admin, actor, acme):
    made = await create(admin, actor)
    await roles.create(admin, actor, "shop", RoleFields(key="buyer"))
    fields = RoleAssignmentFields(project="shop", user="alice", roles=("buyer",))
    await role_assignments.assign(admin, actor, fields)
    deleted = await users.delete(admin, actor, made.id)
    assert deleted.state is UserState.DELETED
    for secret in ("alice", "Alice", "+4144", "Zürich", "gold", "hash of"):
        assert secret not in repr(deleted)
    assert await admin.store.read_role_assignment("shop", made.id) is None
    with pytest.raises(NotFound):
        await users.find(admin, actor, made.id)
    again = await create(admin, actor)
    assert again.id != made.id
    assert await projects.show(admin, actor, "shop")


async def test_nobody_is_there_twice_after_a_lost_race(admin, actor, acme, race):
    made = await users.create(race(1), actor, "acme", decode(UserFields, ALICE))
    assert (await users.find(admin, actor, "alice")).id == made.id
    with pytest.raises(Contended):
        await users.set_state(race(2), actor, made.id, UserState.LOCKED)


async def test_ad_07_searches_reach_no_further_than_lists(admin, actor, acme):
    await create(admin, actor)
    wanted = UserFilter(text="alice")
    assert len((await users.search(admin, actor, wanted)).users) == 1
    owner = Holding(role=AdministratorRole.ORG_OWNER, organization_id="globex")
    stranger = Actor(type="user", id="mallory", holds=(owner,))
    with pytest.raises(NotAllowed):
        await users.search(admin, stranger, wanted)
    with pytest.raises(NotFound):
        await users.search(admin, stranger, UserFilter(organization_id="acme", text="alice"))


@pytest.mark.parametrize("user_id", ["", "a,b", "a b", "x" * 129, "\u0430", "-a"])
async def test_ids_that_cannot_be_brought_along(admin, actor, acme, user_id):
    with pytest.raises(Invalid) as error:
        await users.create(admin, actor, "acme", UserFields(username="a"), user_id)
    assert [problem.path for problem in error.value.problems] == ["id"]


async def test_an_id_belongs_to_one_account_for_ever(admin, actor, acme):
    made = await users.create(admin, actor, "acme", UserFields(username="a"), "legacy|1")
    await users.delete(admin, actor, made.id)
    with pytest.raises(AlreadyExists):
        await users.create(admin, actor, "acme", UserFields(username="b"), "legacy|1")
    await service_accounts.create(admin, actor, "acme", ServiceAccountFields(id="robot"))
    with pytest.raises(AlreadyExists):
        await users.create(admin, actor, "acme", UserFields(username="b"), "robot")


async def test_a_state_can_be_declared(admin, actor, acme, desk):
    made = await create(admin, actor, state="pending")
    assert made.state is UserState.PENDING
    changed = await users.update(admin, actor, made.id, UserFields(state=UserState.LOCKED))
    assert changed.state is UserState.LOCKED
    told = [event.type for event in desk.events if event.user_id == made.id]
    assert told == ["account.created", "account.locked"]
    for state in (UserState.DELETED, UserState.PENDING):
        with pytest.raises(Invalid):
            await users.update(admin, actor, made.id, UserFields(state=state))
    with pytest.raises(Invalid):
        await create(admin, actor, username="b", email=None, state="deleted")
