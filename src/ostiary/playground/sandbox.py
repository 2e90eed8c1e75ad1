"""The clients of the playground, and whatever else it needs to stand on.

They are registered like anybody's, in an organization that holds nothing else: what they get
opens two APIs that nobody serves, and userinfo for whoever consents. The playground's own
page is the only place that they answer to. Their secrets follow from a secret of the instance.
"""

import hashlib
import hmac

import msgspec

from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.keys import PrivateKey, derive
from ostiary.model.client import AppType, Client, ClientKind, ClientSecret, Legacy, Lifetimes
from ostiary.model.organization import Api, Organization, Project
from ostiary.oauth import handle, legacy
from ostiary.oauth.built_in import Furnished
from ostiary.oauth.grants import client_credentials, device_code, jwt_bearer, token_exchange

PATH = "/playground"
CALLBACK = f"{PATH}/callback"
ORGANIZATION = "ostiary:playground"
ORDERS, STOCK = "playground.orders", "playground.stock"

# The clients, named by what they stand for.
WEB = "ostiary:playground-web"
BRIEF = "ostiary:playground-brief"
BROWSER = "ostiary:playground-browser"
DEVICE = "ostiary:playground-device"
MACHINE = "ostiary:playground-machine"
SERVICE = "ostiary:playground-service"
API = "ostiary:playground-api"
OLD = "ostiary:playground-old"

_PEOPLE = ("openid", "profile", "email", "offline_access", ORDERS, STOCK)
_CODE = ("authorization_code", "refresh_token")
_REASON = "tries what old applications do, in development mode"


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance with a playground holds for it."""

    furnished: Furnished
    # Of the clients that have one, by client_id.
    secrets: dict[str, str]
    # What the service account proves itself with.
    key: PrivateKey
    # Seals what a browser keeps while it is away from the page.
    seal: KeyEncryptionKeys


def make_sandbox(issuer: str, secret: bytes, *, old: bool) -> Sandbox:
    """Make the playground's clients for an issuer.

    `secret` is one of the instance, of 32 octets, that all its processes know. `old`: also a
    client for flows that are no longer recommended.
    """
    redirect_uri = issuer + CALLBACK
    key = derive(_derive(secret, "key of the service"))
    web = Client(
        client_id=WEB,
        organization_id=ORGANIZATION,
        project_id=ORGANIZATION,
        client_name="Playground: web application",
        client_uri=issuer + PATH,
        redirect_uris=(redirect_uri,),
        post_logout_redirect_uris=(issuer + PATH,),
        grant_types=_CODE,
        allowed_scopes=_PEOPLE,
        require_consent=True,
    )
    machine = msgspec.structs.replace(
        web,
        client_id=MACHINE,
        client_name="Playground: machine",
        type=AppType.API,
        redirect_uris=(),
        post_logout_redirect_uris=(),
        grant_types=(client_credentials.grant_type,),
        response_types=(),
        allowed_scopes=(ORDERS, STOCK),
    )
    clients = [
        web,
        msgspec.structs.replace(
            web,
            client_id=BRIEF,
            client_name="Playground: codes of one second",
            lifetimes=Lifetimes(code=1),
        ),
        msgspec.structs.replace(
            web,
            client_id=BROWSER,
            client_name="Playground: browser application",
            type=AppType.USER_AGENT,
            token_endpoint_auth_method="none",
        ),
        # It has a secret, unlike most devices: nobody else can ask people for a code in its name.
        msgspec.structs.replace(
            machine,
            client_id=DEVICE,
            client_name="Playground: device",
            type=AppType.DEVICE,
            grant_types=(device_code.grant_type, "refresh_token"),
            allowed_scopes=_PEOPLE,
        ),
        machine,
        msgspec.structs.replace(
            machine,
            client_id=SERVICE,
            kind=ClientKind.SERVICE_ACCOUNT,
            client_name="Playground: service account",
            token_endpoint_auth_method="private_key_jwt",
            grant_types=(jwt_bearer.grant_type,),
            jwks={"keys": [key.public_jwk]},
        ),
        msgspec.structs.replace(
            machine,
            client_id=API,
            client_name="Playground: API that calls the next one",
            grant_types=(token_exchange.grant_type,),
        ),
    ]
    if old:
        opted = Legacy(reason=_REASON)
        clients.append(
            msgspec.structs.replace(
                web,
                client_id=OLD,
                client_name="Playground: old application",
                grant_types=(*_CODE, *legacy.GRANT_TYPES),
                response_types=("code", *legacy.RESPONSE_TYPES),
                legacy=opted,
                uses_legacy=True,
                # The password grant has no page to ask on.
                require_consent=False,
            )
        )
    secrets = {
        client.client_id: handle.seal(handle.Kind.CLIENT_SECRET, _text(secret, client.client_id))
        for client in clients
        if client.token_endpoint_auth_method.startswith("client_secret")
    }
    furnished = Furnished(
        organization=Organization(id=ORGANIZATION, name="Playground"),
        project=Project(id=ORGANIZATION, organization_id=ORGANIZATION, name="Playground"),
        apis=tuple(_api(issuer, scope) for scope in (ORDERS, STOCK)),
        clients={
            client.client_id: _with_secret(client, secrets.get(client.client_id))
            for client in clients
        },
    )
    return Sandbox(
        furnished=furnished,
        secrets=secrets,
        key=key,
        seal=KeyEncryptionKeys(_derive(secret, "what browsers keep")),
    )


def audience_of(issuer: str, scope: str) -> str:
    """Return the audience of the API that one of the playground's scopes is for."""
    return f"{issuer}{PATH}/{scope.rpartition('.')[2]}"


def _api(issuer: str, scope: str) -> Api:
    return Api(
        id=f"ostiary:{scope}",
        organization_id=ORGANIZATION,
        project_id=ORGANIZATION,
        audience=audience_of(issuer, scope),
        scopes=(scope,),
    )


def _with_secret(client: Client, secret: str | None) -> Client:
    if secret is None:
        return client
    kept = ClientSecret(digest=handle.digest(secret), created_at=0)
    return msgspec.structs.replace(client, secrets=(kept,))


def _derive(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, b"ostiary playground\0" + purpose.encode(), hashlib.sha256)


def _text(secret: bytes, client_id: str) -> str:
    return handle.encode62(_derive(secret, f"secret of {client_id}"), handle.BODY_LENGTH)
