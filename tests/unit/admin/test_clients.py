"""Applications and service accounts: registered, changed, given secrets, ended."""

import pytest

from ostiary.admin import apis, client_secrets, clients, service_accounts, users
from ostiary.admin.apis import ApiFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode
from ostiary.admin.errors import AlreadyExists, Contended, Invalid, NotFound
from ostiary.admin.secrets import DEFAULT_OVERLAP
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.client import AppType, ClientKind, ClientState
from ostiary.oauth.clients.secret import secret_matches
from ostiary.oauth.grants import jwt_bearer
from ostiary.oauth.handle import Kind, unseal
from support.desk import NOW
from support.jose import make_key

WEB = {"client_id": "web", "redirect_uris": ["https://app.test/cb"]}
SECRET = "correct horse battery staple, and more"


def metadata(**changes):
    return decode(ClientMetadata, WEB | changes)


async def test_a_secret_is_made_shown_once_and_stored_as_a_digest(admin, actor, acme):
    made = await clients.create(admin, actor, "shop", metadata())
    assert unseal(Kind.CLIENT_SECRET, made.client_secret)
    assert secret_matches(made.client, (made.client_secret,), NOW)
    assert made.client_secret not in repr(await clients.show(admin, actor, "web"))


async def test_a_given_secret_is_not_shown(admin, actor, acme):
    made = await clients.create(admin, actor, "shop", metadata(client_secret=SECRET))
    assert made.client_secret is None
    assert secret_matches(made.client, (SECRET,), NOW)


async def test_public_clients_have_no_secret(admin, actor, acme):
    made = await clients.create(admin, actor, "shop", metadata(token_endpoint_auth_method="none"))
    assert (made.client_secret, made.client.secrets) == (None, ())


async def test_a_client_that_becomes_confidential_gets_a_secret_and_loses_it_again(
    admin, actor, acme
):
    await clients.create(admin, actor, "shop", metadata(token_endpoint_auth_method="none"))
    basic = decode(ClientMetadata, {"token_endpoint_auth_method": "client_secret_basic"})
    changed = await clients.update(admin, actor, "web", basic)
    assert changed.client_secret is not None
    assert changed.client.type is AppType.WEB
    public = decode(ClientMetadata, {"token_endpoint_auth_method": "none"})
    assert (await clients.update(admin, actor, "web", public)).client.secrets == ()


async def test_a_change_without_difference_writes_nothing(admin, actor, acme, desk):
    await clients.create(admin, actor, "shop", metadata(client_secret=SECRET))
    before = desk.writes
    changed = await clients.update(admin, actor, "web", metadata(client_secret=SECRET))
    assert desk.writes == before
    assert changed.client.version == 1


async def test_a_given_secret_replaces_all_others_at_once(admin, actor, acme):
    made = await clients.create(admin, actor, "shop", metadata())
    changed = await clients.update(admin, actor, "web", metadata(client_secret=SECRET))
    assert not secret_matches(changed.client, (made.client_secret,), NOW)
    assert secret_matches(changed.client, (SECRET,), NOW)


async def test_rotation_leaves_the_old_secret_for_a_while(admin, actor, acme):
    made = await clients.create(admin, actor, "shop", metadata())
    first = await client_secrets.rotate_secret(admin, actor, "web")
    for secret in (made.client_secret, first.client_secret):
        assert secret_matches(first.client, (secret,), NOW + DEFAULT_OVERLAP - 1)
    assert not secret_matches(first.client, (made.client_secret,), NOW + DEFAULT_OVERLAP)
    assert secret_matches(first.client, (first.client_secret,), NOW + DEFAULT_OVERLAP)


async def test_at_most_two_secrets_are_good(admin, actor, acme, desk):
    secrets = [(await clients.create(admin, actor, "shop", metadata())).client_secret]
    for _ in range(3):
        desk.now_ += 1
        rotated = await client_secrets.rotate_secret(admin, actor, "web")
        secrets.append(rotated.client_secret)
    good = [one for one in secrets if secret_matches(rotated.client, (one,), desk.now_)]
    assert good == secrets[-2:]


async def test_rotation_without_overlap_ends_the_old_secret_now(admin, actor, acme):
    made = await clients.create(admin, actor, "shop", metadata())
    rotated = await client_secrets.rotate_secret(admin, actor, "web", overlap=0)
    assert not secret_matches(rotated.client, (made.client_secret,), NOW)


@pytest.mark.parametrize("arguments", [{"overlap": -1}, {"overlap": 31 * 86400}, {"secret": "x"}])
async def test_rotation_that_cannot_be(admin, actor, acme, arguments):
    await clients.create(admin, actor, "shop", metadata())
    with pytest.raises(Invalid):
        await client_secrets.rotate_secret(admin, actor, "web", **arguments)


async def test_public_clients_have_nothing_to_rotate(admin, actor, acme):
    await clients.create(admin, actor, "shop", metadata(token_endpoint_auth_method="none"))
    with pytest.raises(Invalid, match="has none"):
        await client_secrets.rotate_secret(admin, actor, "web")


async def test_rt_13_ids_are_never_given_out_again(admin, actor, acme):
    await clients.create(admin, actor, "shop", metadata())
    deleted = await clients.delete(admin, actor, "web")
    assert deleted.state is ClientState.DELETED
    assert deleted.secrets == ()
    assert deleted.tokens_not_before == NOW
    with pytest.raises(NotFound):
        await clients.show(admin, actor, "web")
    with pytest.raises(AlreadyExists) as error:
        await clients.create(admin, actor, "shop", metadata())
    assert "acme" not in error.value.message


async def test_a_client_cannot_be_registered_under_the_id_of_a_user(admin, actor, acme):
    user = await users.create(admin, actor, "acme", decode(UserFields, {"username": "alice"}))
    with pytest.raises(AlreadyExists):
        await clients.create(admin, actor, "shop", metadata(client_id=user.id))


async def test_the_id_cannot_be_changed(admin, actor, acme):
    await clients.create(admin, actor, "shop", metadata())
    with pytest.raises(Invalid, match="client_id"):
        await clients.update(admin, actor, "web", metadata(client_id="other"))


async def test_switching_off_and_on(admin, actor, acme, desk):
    await clients.create(admin, actor, "shop", metadata())
    await clients.set_state(admin, actor, "web", ClientState.INACTIVE)
    assert (await clients.show(admin, actor, "web")).state is ClientState.INACTIVE
    await clients.set_state(admin, actor, "web", ClientState.INACTIVE)
    await clients.set_state(admin, actor, "web", ClientState.ACTIVE)
    told = [event.type for event in desk.events if event.client_id == "web"]
    assert told == ["client.created", "client.disabled", "client.enabled"]
    with pytest.raises(Invalid):
        await clients.set_state(admin, actor, "web", ClientState.DELETED)


async def test_ss_01_addresses_that_are_never_fetched_from_are_refused_when_saved(
    admin, actor, acme
):
    keys = {"token_endpoint_auth_method": "private_key_jwt"}
    with pytest.raises(Invalid, match="jwks_uri: is not public"):
        await clients.create(
            admin, actor, "shop", metadata(**keys, jwks_uri="https://internal.test/jwks")
        )
    made = await clients.create(
        admin, actor, "shop", metadata(**keys, jwks_uri="https://app.test/jwks")
    )
    assert made.client.jwks_uri == "https://app.test/jwks"
    change = decode(ClientMetadata, {"jwks_uri": "https://internal.test/jwks"})
    with pytest.raises(Invalid, match="jwks_uri: is not public"):
        await clients.update(admin, actor, "web", change)


async def test_scopes_of_apis_can_be_allowed(admin, actor, acme):
    fields = ApiFields(id="orders", audience="https://orders.test", scopes=("orders.read",))
    await apis.create(admin, actor, "shop", fields)
    made = await clients.create(admin, actor, "shop", metadata(scope="openid orders.read"))
    assert made.client.allowed_scopes == ("openid", "orders.read")


async def test_events_tell_the_names_of_what_changed_and_no_secret(admin, actor, acme, desk):
    made = await clients.create(admin, actor, "shop", metadata())
    await clients.update(admin, actor, "web", metadata(client_name="New", client_secret=SECRET))
    event = desk.events[-1]
    assert (event.type, event.client_id, event.organization_id) == ("client.updated", "web", "acme")
    assert event.details == {"changed": ["client_name", "secrets"]}
    assert (event.actor_type, event.actor_id) == ("operator", "tester")
    for value in (SECRET, made.client_secret, "New"):
        assert value not in str(desk.events)


async def test_one_lost_race_is_run_again_and_two_are_told(admin, actor, acme, race):
    await clients.create(race(1), actor, "shop", metadata())
    with pytest.raises(Contended):
        await clients.update(race(2), actor, "web", metadata(client_name="New"))
    assert (await clients.show(admin, actor, "web")).client_name == ""


async def test_lists_are_pages_by_client_id(admin, actor, acme):
    for name in "cab":
        await clients.create(admin, actor, "shop", metadata(client_id=name))
    first = await clients.list_all(admin, actor, None, "shop", limit=2)
    rest = await clients.list_all(admin, actor, None, "shop", after=first[-1].client_id)
    assert [one.client_id for one in (*first, *rest)] == ["a", "b", "c"]


# --- Service accounts -----------------------------------------------------------------

KEYS = {"keys": [make_key("ES256").public_jwk]}


async def test_a_service_account_with_keys_proves_itself_by_them(admin, actor, acme):
    fields = decode(ServiceAccountFields, {"id": "robot", "name": "Robot", "jwks": KEYS})
    made = await service_accounts.create(admin, actor, "acme", fields)
    assert made.client_secret is None
    assert made.client.kind is ClientKind.SERVICE_ACCOUNT
    assert made.client.token_endpoint_auth_method == "private_key_jwt"
    assert made.client.grant_types == ("client_credentials", jwt_bearer.grant_type)
    assert made.client.project_id is None


async def test_a_service_account_without_keys_gets_a_secret(admin, actor, acme):
    fields = decode(ServiceAccountFields, {"id": "robot"})
    made = await service_accounts.create(admin, actor, "acme", fields)
    assert secret_matches(made.client, (made.client_secret,), NOW)
    keyed = await service_accounts.update(
        admin, actor, "robot", decode(ServiceAccountFields, {"jwks": KEYS})
    )
    assert keyed.client.secrets == ()
    again = await service_accounts.update(
        admin, actor, "robot", decode(ServiceAccountFields, {"jwks": None})
    )
    assert again.client_secret is not None


async def test_service_accounts_and_applications_share_their_ids_but_not_their_doors(
    admin, actor, acme
):
    await service_accounts.create(admin, actor, "acme", decode(ServiceAccountFields, {"id": "web"}))
    with pytest.raises(AlreadyExists):
        await clients.create(admin, actor, "shop", metadata())
    with pytest.raises(NotFound):
        await clients.update(admin, actor, "web", metadata())
    with pytest.raises(NotFound):
        await clients.delete(admin, actor, "web")


async def test_problems_of_a_service_account_are_told_by_its_own_names(admin, actor, acme):
    fields = decode(ServiceAccountFields, {"id": "robot", "name": "a\u202eb"})
    with pytest.raises(Invalid) as error:
        await service_accounts.create(admin, actor, "acme", fields)
    assert [problem.path for problem in error.value.problems] == ["name"]
    with pytest.raises(Invalid) as error:
        await service_accounts.create(
            admin, actor, "acme", decode(ServiceAccountFields, {"id": "a b"})
        )
    assert [problem.path for problem in error.value.problems] == ["id"]


class TestSector:
    """Whoever shares pairwise subjects is listed by the owner of the sector (Core 8.1)."""

    ADDRESS = "https://sector.test/list.json"
    TWO = ("https://app.test/cb", "https://other.test/cb")

    def pairwise(self, **changes):
        sector = {"subject_type": "pairwise", "sector_identifier_uri": self.ADDRESS}
        return metadata(**sector, **({"redirect_uris": list(self.TWO)} | changes))

    async def test_all_redirect_uris_are_listed(self, admin, desk, actor, acme):
        desk.sectors[self.ADDRESS] = ("https://third.test/cb", *self.TWO)
        made = await clients.create(admin, actor, "shop", self.pairwise())
        assert made.client.sector_identifier_uri == self.ADDRESS
        assert desk.sectors_read == [self.ADDRESS]

    async def test_one_is_not(self, admin, desk, actor, acme):
        desk.sectors[self.ADDRESS] = self.TWO[:1]
        with pytest.raises(Invalid) as error:
            await clients.create(admin, actor, "shop", self.pairwise())
        assert [problem.path for problem in error.value.problems] == ["redirect_uris[1]"]

    async def test_the_list_cannot_be_read(self, admin, actor, acme):
        with pytest.raises(Invalid) as error:
            await clients.create(admin, actor, "shop", self.pairwise())
        assert [problem.path for problem in error.value.problems] == ["sector_identifier_uri"]

    async def test_an_address_that_the_server_does_not_fetch_from(self, admin, desk, actor, acme):
        inside = "https://internal.test/list.json"
        with pytest.raises(Invalid):
            await clients.create(admin, actor, "shop", metadata(sector_identifier_uri=inside))
        assert desk.sectors_read == []

    async def test_a_change_of_redirect_uris_is_held_to_the_list(self, admin, desk, actor, acme):
        desk.sectors[self.ADDRESS] = self.TWO
        await clients.create(admin, actor, "shop", self.pairwise())
        further = {"redirect_uris": [*self.TWO, "https://third.test/cb"]}
        with pytest.raises(Invalid):
            await clients.update(admin, actor, "web", decode(ClientMetadata, further))
        # What does not concern the sector works without it.
        desk.sectors.clear()
        await clients.update(admin, actor, "web", decode(ClientMetadata, {"client_name": "New"}))
        assert len(desk.sectors_read) == 2
