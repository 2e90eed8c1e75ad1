"""Keys over a real store on SQLite."""

import asyncio
import itertools

import msgspec
import pytest

from ostiary.admin import keys
from ostiary.admin.actor import operator
from ostiary.admin.errors import Contended, Invalid, NotAllowed, NotFound
from ostiary.admin.keys import KeyAdmin
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.errors import SealError, UnknownKey, WrongKeyEncryptionKey
from ostiary.jose.keyring import KeyRing, signing_key_place
from ostiary.model.event import Source
from ostiary.model.key import KeyState
from ostiary.oauth.effects import Conflict, Update
from ostiary.store import open_store
from support.actors import holding
from support.jose import CLAIMS, ENTROPY, KEKS, NOW, make_key

DAY = 86_400
OPERATOR = operator("tester")
ALGS = ("RS256", "ES256")


class Clock:
    def __init__(self):
        self.time = NOW

    def now(self):
        return self.time


class Generator:
    """Makes keys that were made before, and remembers what was asked for."""

    def __init__(self):
        self.asked = []
        self._index = itertools.count()

    def __call__(self, alg, bits):
        self.asked.append((str(alg), bits))
        return make_key(alg, next(self._index))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def store(tmp_path, clock):
    async with await open_store(f"sqlite:///{tmp_path}/ostiary.db", clock) as store:
        await store.migrate()
        yield store


@pytest.fixture
def admin(store, clock):
    return KeyAdmin(store=store, keks=KEKS, clock=clock, entropy=ENTROPY, generate=Generator())


async def configure(store, **changes):
    await store.apply((Update(await store.read_configuration(), changes),))


async def ring_of(admin):
    store = admin.store
    return KeyRing(await store.read_signing_keys(), await store.read_instance_keys(), admin.keks)


async def states(admin):
    listed = await keys.list_keys(admin, OPERATOR)
    return sorted((key.alg, str(key.state)) for key in listed)


async def events_of(store):
    found = await store.list_events((), None, 100)
    return [event for _, event in reversed(found)]


async def test_the_first_start_makes_keys_that_sign_at_once(admin):
    await keys.ensure_keys(admin)
    ring = await ring_of(admin)
    assert ring.algs == ALGS
    for alg in ALGS:
        token = ring.sign(alg, CLAIMS, "JWT")
        assert ring.verify(token, typ="JWT", now=NOW).sub == "alice"
    purposes = [ring.mac(purpose) for purpose in ("refresh", "browser", "sid")]
    assert [version for version, _ in purposes] == [1, 1, 1]
    assert len({key for _, key in purposes}) == 3
    assert {len(key) for _, key in purposes} == {32}
    assert admin.generate.asked == [("RS256", 2048), ("ES256", 2048)]


async def test_a_second_start_changes_nothing(admin, store):
    await keys.ensure_keys(admin)
    before = (await store.read_signing_keys(), await store.read_configuration())
    await keys.ensure_keys(admin)
    assert (await store.read_signing_keys(), await store.read_configuration()) == before
    assert len(admin.generate.asked) == 2


async def test_an_algorithm_gets_its_key_when_it_is_enabled(admin, store):
    await keys.ensure_keys(admin)
    await configure(store, enabled_algs=("RS256", "ES256", "EdDSA", "PS256"), rsa_bits=3072)
    await keys.ensure_keys(admin)
    assert (await ring_of(admin)).algs == ("RS256", "PS256", "ES256", "EdDSA")
    assert admin.generate.asked[2:] == [("PS256", 3072), ("EdDSA", 3072)]


async def test_an_algorithm_that_is_disabled_signs_no_more_and_verifies_on(admin, store):
    await keys.ensure_keys(admin)
    token = (await ring_of(admin)).sign("RS256", CLAIMS, "JWT")
    await configure(store, enabled_algs=("ES256",))
    await keys.advance(admin)
    ring = await ring_of(admin)
    assert ring.algs == ("ES256",)
    assert ring.verify(token, typ="JWT", now=NOW).sub == "alice"


async def test_private_halves_are_sealed_for_their_row(admin, store):
    await keys.ensure_keys(admin)
    for key in await store.read_signing_keys():
        pair = next(p for p in map(make_key, ALGS * 2, (0, 0, 1, 1)) if p.kid == key.kid)
        assert pair.export() not in key.private_sealed
        place = signing_key_place(key.kid)
        assert admin.keks.unseal(key.private_sealed, place) == pair.export()


async def test_what_happens_to_keys_is_told(admin, store):
    source = Source(ip="192.0.2.7", user_agent="curl", trace_id="t1")
    actor = msgspec.structs.replace(operator("root"), type="user", source=source)
    await keys.ensure_keys(admin)
    made = await events_of(store)
    assert {(e.actor_type, e.actor_id) for e in made} == {("system", "keys")}
    await keys.rotate(admin, actor, "ES256", immediately=True)
    told = (await events_of(store))[len(made) :]
    kinds = ["key.generated", "key.published", "key.retired", "key.activated"]
    assert [event.type for event in told] == kinds
    for event in told:
        assert (event.actor_type, event.actor_id, event.ip) == ("user", "root", "192.0.2.7")
        assert (event.at, event.trace_id, event.details) == (NOW, "t1", {"alg": "ES256"})
    kids = {key.kid for key in await store.read_signing_keys()}
    assert {event.target for event in told} <= kids


async def test_the_job_follows_the_schedule(admin, store, clock):
    await configure(store, policies={"keys": {"rotate_every": 10 * DAY, "later": 1}})
    await keys.ensure_keys(admin)
    assert await keys.advance(admin) == ()
    version = (await store.read_configuration()).version
    seen = []
    for day in range(8, 12):
        clock.time = NOW + day * DAY
        changed = await keys.advance(admin)
        seen.append((len(changed), (await states(admin))[:2]))
        assert await keys.advance(admin) == ()
    assert seen == [
        (2, [("ES256", "active"), ("ES256", "pending")]),
        (2, [("ES256", "active"), ("ES256", "published")]),
        (4, [("ES256", "active"), ("ES256", "retired")]),
        (0, [("ES256", "active"), ("ES256", "retired")]),
    ]
    assert (await store.read_configuration()).version == version + 3


async def test_a_rotation_shows_in_the_set_of_keys_at_once(admin, clock):
    await keys.ensure_keys(admin)
    [rotated] = await keys.rotate(admin, OPERATOR, "ES256")
    ring = await ring_of(admin)
    assert rotated.state is KeyState.PUBLISHED
    assert (rotated.next_state, rotated.next_at) == (KeyState.ACTIVE, NOW + DAY)
    assert rotated.kid in {jwk["kid"] for jwk in ring.jwks(NOW)["keys"]}
    old = ring.sign("ES256", CLAIMS, "JWT")
    clock.time += DAY
    await keys.advance(admin)
    ring = await ring_of(admin)
    for token in (old, ring.sign("ES256", CLAIMS, "JWT")):
        assert ring.verify(token, typ="JWT", now=clock.time).sub == "alice"


async def test_a_rotation_of_everything(admin):
    await keys.ensure_keys(admin)
    rotated = await keys.rotate(admin, OPERATOR, immediately=True)
    assert sorted((key.alg, str(key.state)) for key in rotated) == [
        ("ES256", "active"),
        ("RS256", "active"),
    ]
    assert len(await states(admin)) == 4


@pytest.mark.parametrize("alg", ["EdDSA", "HS256", "none", ""])
async def test_an_algorithm_that_is_not_enabled_is_not_rotated(admin, alg):
    await keys.ensure_keys(admin)
    with pytest.raises(Invalid, match="enabled are RS256, ES256"):
        await keys.rotate(admin, OPERATOR, alg)
    assert len(await states(admin)) == 2


async def test_a_revoked_key_is_refused_at_once_and_replaced_in_the_same_step(admin, store):
    await keys.ensure_keys(admin)
    ring = await ring_of(admin)
    token = ring.sign("ES256", CLAIMS, "JWT")
    kid = next(j["kid"] for j in ring.jwks(NOW)["keys"] if j["alg"] == "ES256")
    writes = []
    counted = Watched(store, writes.append)
    revoked = await keys.revoke(msgspec.structs.replace(admin, store=counted), OPERATOR, kid)
    assert len(writes) == 1
    assert (revoked.state, revoked.revoked_at) == (KeyState.REVOKED, NOW)
    ring = await ring_of(admin)
    assert ring.algs == ALGS
    assert kid not in {jwk["kid"] for jwk in ring.jwks(NOW)["keys"]}
    for hint in (False, True):
        with pytest.raises(UnknownKey):
            ring.verify(token, typ="JWT", now=NOW, hint=hint)
    [stored] = [key for key in await store.read_signing_keys() if key.kid == kid]
    assert stored.private_sealed == b""


async def test_revoking_twice_changes_nothing(admin, store):
    await keys.ensure_keys(admin)
    kid = (await store.read_signing_keys())[0].kid
    first = await keys.revoke(admin, OPERATOR, kid)
    count = len(await events_of(store))
    assert await keys.revoke(admin, OPERATOR, kid) == first
    assert len(await events_of(store)) == count


async def test_an_unknown_key_is_not_found(admin):
    await keys.ensure_keys(admin)
    with pytest.raises(NotFound, match="'nothing'"):
        await keys.revoke(admin, OPERATOR, "nothing")


async def test_a_damaged_key_can_be_revoked(admin, store):
    """Nothing else works while a key cannot be opened, and this is the way out."""
    await keys.ensure_keys(admin)
    damaged = next(key for key in await store.read_signing_keys() if key.alg == "ES256")
    await store.apply((Update(damaged, {"private_sealed": damaged.private_sealed[:-1] + b"?"}),))
    for operation in (keys.advance(admin), keys.rotate(admin, OPERATOR)):
        with pytest.raises(SealError, match=damaged.kid):
            await operation
    await keys.revoke(admin, OPERATOR, damaged.kid)
    assert (await ring_of(admin)).algs == ALGS


async def test_keys_belong_to_the_whole_instance(admin, store):
    await keys.ensure_keys(admin)
    kid = (await store.read_signing_keys())[0].kid
    narrow = holding("org_owner", "acme")
    reader = holding("instance_viewer")
    for actor in (narrow, reader):
        for operation in (keys.rotate(admin, actor), keys.revoke(admin, actor, kid)):
            with pytest.raises(NotAllowed):
                await operation
    with pytest.raises(NotAllowed):
        await keys.list_keys(admin, narrow)
    assert len(await keys.list_keys(admin, reader)) == 2


async def test_a_summary_holds_neither_half(admin):
    await keys.ensure_keys(admin)
    text = msgspec.json.encode(await keys.list_keys(admin, OPERATOR))
    for word in (b"sealed", b"jwk", b'"n"', b'"x"'):
        assert word not in text


async def test_a_wrong_key_encryption_key_writes_nothing(admin, store):
    await keys.ensure_keys(admin)
    await configure(store, enabled_algs=("RS256", "ES256", "EdDSA"))
    before = (await store.read_signing_keys(), await store.read_instance_keys())
    wrong = msgspec.structs.replace(admin, keks=KeyEncryptionKeys(b"W" * 32))
    for operation in (
        keys.ensure_keys(wrong),
        keys.advance(wrong),
        keys.rotate(wrong, OPERATOR, immediately=True),
        keys.revoke(wrong, OPERATOR, before[0][0].kid),
    ):
        with pytest.raises(WrongKeyEncryptionKey, match="key_encryption_key"):
            await operation
    assert (await store.read_signing_keys(), await store.read_instance_keys()) == before


class Watched:
    """A store with something that happens before each write."""

    def __init__(self, store, before):
        self._store = store
        self._before = before

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def apply(self, effects):
        result = self._before(effects)
        if asyncio.iscoroutine(result):
            await result
        await self._store.apply(effects)


def rivalry(admin, operation, times=1):
    """Let another process do something after this one has read and before it writes."""
    left = [times]

    async def overtake(_effects):
        if left[0]:
            left[0] -= 1
            await operation(msgspec.structs.replace(admin, generate=Generator()))

    return msgspec.structs.replace(admin, store=Watched(admin.store, overtake))


async def test_two_first_starts_make_one_set_of_keys(admin, store):
    admin.generate._index = itertools.count(10)
    await keys.ensure_keys(rivalry(admin, keys.ensure_keys))
    assert await states(admin) == [("ES256", "active"), ("RS256", "active")]
    purposes = {key.purpose for key in await store.read_instance_keys()}
    assert purposes == set(keys.PURPOSES)


@pytest.mark.parametrize("immediately", [True, False])
async def test_two_rotations_make_one_successor_after_the_other(admin, immediately):
    admin.generate._index = itertools.count(10)
    await keys.ensure_keys(admin)

    async def rotate(rival):
        await keys.rotate(rival, OPERATOR, "ES256", immediately=immediately)

    await keys.rotate(rivalry(admin, rotate), OPERATOR, "ES256", immediately=immediately)
    found = [state for alg, state in await states(admin) if alg == "ES256"]
    expected = ["active", "retired", "retired"] if immediately else ["active", "published"]
    assert found == expected


async def test_two_jobs_at_the_same_time_take_one_step(admin, clock):
    admin.generate._index = itertools.count(10)
    await keys.ensure_keys(admin)
    for day, expected in ((88, "pending"), (89, "published"), (90, "retired")):
        clock.time = NOW + day * DAY
        await keys.advance(rivalry(admin, keys.advance))
        found = [state for alg, state in await states(admin) if alg == "ES256"]
        assert found == ["active", expected]


async def test_a_key_is_made_once_however_often_the_race_is_lost(admin, store):
    admin.generate._index = itertools.count(10)
    await keys.ensure_keys(admin)
    count = len(admin.generate.asked)

    async def touch(rival):
        await configure(store, updated_at=rival.clock.now())

    await keys.rotate(rivalry(admin, touch, times=4), OPERATOR, "RS256")
    assert len(admin.generate.asked) == count + 1


async def test_a_race_that_is_always_lost_is_given_up(admin, store):
    await keys.ensure_keys(admin)

    async def touch(rival):
        await configure(store, updated_at=rival.clock.now())

    with pytest.raises(Contended, match="Somebody else"):
        await keys.rotate(rivalry(admin, touch, times=100), OPERATOR)
    assert len(await states(admin)) == 2


async def test_a_lost_write_leaves_nothing_behind(admin, store):
    await keys.ensure_keys(admin)
    before = (await store.read_signing_keys(), await events_of(store))

    def lose(effects):
        raise Conflict(effects[0])

    losing = msgspec.structs.replace(admin, store=Watched(store, lose))
    with pytest.raises(Contended):
        await keys.rotate(losing, OPERATOR, immediately=True)
    assert (await store.read_signing_keys(), await events_of(store)) == before
