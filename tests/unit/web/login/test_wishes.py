import msgspec
import pytest

from ostiary.model.client import Lifetimes
from ostiary.model.organization import Api
from ostiary.pages.views import ConsentItem, Link
from ostiary.web.login.wishes import destination_of, group_wishes, links_of
from support.people import flow, user

APIS = (
    Api(
        id="orders",
        organization_id="acme",
        project_id="shop",
        audience="https://orders.test/v1",
        scopes=("orders.read", "orders.write", "openid"),
    ),
    Api(
        id="bills",
        organization_id="acme",
        project_id="shop",
        audience="urn:bills",
        scopes=("bills.read", "orders.read"),
    ),
)
ALICE = user("alice", email="alice@acme.test")


def groups(*scopes: str, **request):
    found = group_wishes(flow(request={"scopes": scopes, **request}), ALICE, APIS)
    return {(group.key, group.name): group.items for group in found}


def test_wishes_are_grouped_by_kind() -> None:
    found = groups("orders.write", "profile", "openid", "offline_access", "bills.read", "x:y")
    assert list(found) == [
        ("identity", ""),
        ("offline", ""),
        ("api", "orders.test"),
        ("api", "urn:bills"),
        ("further", ""),
    ]


def test_a_scope_of_two_apis_is_shown_once() -> None:
    assert list(groups("orders.read")) == [("api", "orders.test")]


def test_own_data_is_shown_beside_what_is_asked() -> None:
    (items,) = groups("email", "phone").values()
    assert [(item.name, item.value) for item in items] == [
        ("email", "alice@acme.test"),
        ("phone", None),
    ]


def test_single_claims_are_shown_unless_a_scope_covers_them() -> None:
    claims = {"userinfo": {"birthdate": None, "email": None}}
    (items,) = groups("openid", "email", claims=claims).values()
    assert [item.key for item in items] == ["scope.openid", "scope.email", "claim.birthdate"]


def test_later_access_says_how_long() -> None:
    asked = flow(request={"scopes": ("offline_access",)})
    (group,) = group_wishes(asked, ALICE, ())
    assert group.items[0].seconds == 30 * 86400
    client = msgspec.structs.replace(asked.client, lifetimes=Lifetimes(refresh_absolute=3600))
    (group,) = group_wishes(msgspec.structs.replace(asked, client=client), ALICE, ())
    assert group.items[0].seconds == 3600


def test_compatible_scopes_have_words_and_others_their_name() -> None:
    (items,) = groups(
        "urn:zitadel:iam:user:metadata", "urn:ostiary:iam:user:resourceowner", "urn:other"
    ).values()
    assert items == (
        ConsentItem(name="urn:zitadel:iam:user:metadata", key="scope.user_metadata"),
        ConsentItem(name="urn:ostiary:iam:user:resourceowner", key="scope.user_resourceowner"),
        ConsentItem(name="urn:other"),
    )


@pytest.mark.parametrize(
    ("redirect_uri", "host"),
    [
        ("https://shop.test/cb", "shop.test"),
        ("https://shop.test:8443/cb", "shop.test:8443"),
        ("http://127.0.0.1:5000/cb", None),
        ("http://[::1]/cb", None),
        ("http://localhost:3000/cb", None),
        ("com.example.app:/cb", None),
    ],
)
def test_where_the_answer_goes(redirect_uri: str, host: str | None) -> None:
    assert destination_of(redirect_uri) == host


def test_az_24_pages_on_another_host_are_labelled() -> None:
    asked = flow()
    client = msgspec.structs.replace(
        asked.client,
        client_uri="https://shop.test/",
        policy_uri="https://legal.test/p",
        tos_uri="javascript:x",
    )
    assert links_of(msgspec.structs.replace(asked, client=client)) == (
        Link(key="client_uri", url="https://shop.test/"),
        Link(key="policy_uri", url="https://legal.test/p", host="legal.test"),
    )


def test_pages_are_shown_in_the_language_of_the_page() -> None:
    asked = flow()
    client = msgspec.structs.replace(
        asked.client,
        policy_uri="https://shop.test/privacy",
        localized={
            "policy_uri#de-CH": "https://shop.test/datenschutz",
            "tos_uri#fr": "https://shop.test/conditions",
        },
    )
    asked = msgspec.structs.replace(asked, client=client)
    privacy = Link(key="policy_uri", url="https://shop.test/privacy")
    assert links_of(asked) == (privacy,)
    assert links_of(asked, "en") == (privacy,)
    assert links_of(asked, "de") == (Link(key="policy_uri", url="https://shop.test/datenschutz"),)
    assert links_of(asked, "fr") == (
        privacy,
        Link(key="tos_uri", url="https://shop.test/conditions"),
    )
