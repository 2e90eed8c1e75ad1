"""One place for all client authentication methods (RFC 6749, 2.3)."""

import msgspec

from ostiary.model.client import Client, ClientSecret
from ostiary.model.organization import Organization
from ostiary.oauth.clients import private_key_jwt
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.clients.presented import Presented, read_presented
from ostiary.oauth.clients.private_key_jwt import AUTHENTICATION, GRANT, Purpose
from ostiary.oauth.clients.secret import find_secret, secret_matches
from ostiary.oauth.effects import Effects
from ostiary.oauth.errors import InvalidClient, InvalidGrant
from ostiary.oauth.message import Form
from ostiary.oauth.reader import ConfigurationReader, Registration
from ostiary.oauth.usable import Owners, client_refusal

_FAILED = (
    "Client authentication failed: the client is unknown, or its credentials or its "
    "authentication method are not the registered ones."
)


class Authenticated(msgspec.Struct, frozen=True):
    """A client that proved itself as it is registered, or a public one that named itself."""

    client: Client
    organization: Organization
    registration: Registration
    # Replay marks of what was presented: burned whether the request succeeds or not.
    effects: Effects = ()
    # What an assertion was for, if there was one.
    purpose: Purpose = AUTHENTICATION
    # The secret that was presented, where it is one of several.
    secret: ClientSecret | None = None


async def authenticate(  # noqa: PLR0913 - what a proof can depend on
    form: Form,
    authorization: str | None,
    *,
    audiences: tuple[str, ...],
    reader: ConfigurationReader,
    remote_keys: RemoteKeys,
    now: int,
) -> Authenticated:
    """Authenticate the client of a request at a back-channel endpoint.

    `audiences` are the values that an assertion may name as its `aud`: the issuer, the
    token endpoint, the endpoint called.

    Raises:
        InvalidClient: nothing tells an unknown client from a wrong credential.
        InvalidRequest: several methods at once.
    """
    presented = read_presented(form, authorization)
    client_id = presented.client_id
    if client_id is None and presented.assertion is not None:
        client_id = private_key_jwt.issuer_of(presented.assertion)
    registration = await reader.registration(client_id) if client_id else None
    client = owners = organization = None
    if registration is not None:
        client, organization = registration.client, registration.organization
        owners = Owners(organization=organization, project=registration.project)
    try:
        effects: Effects = ()
        reason = client_refusal(client, owners or Owners())
        if presented.assertion is not None:
            effects = await private_key_jwt.verify(
                client, presented.assertion, audiences=audiences, remote_keys=remote_keys, now=now
            )
        elif presented.method != "none" and not secret_matches(client, presented.secrets, now):
            reason = reason or "secret_mismatch"
        if client is not None and client.token_endpoint_auth_method != presented.method:
            reason = reason or "method_mismatch"
        if registration is None or organization is None or reason is not None:
            raise _failure(presented, reason)
    except InvalidClient as refusal:
        refusal.client = client
        raise
    several = presented.secrets and len(registration.client.secrets) > 1
    secret = find_secret(registration.client, presented.secrets) if several else None
    return Authenticated(registration.client, organization, registration, effects, secret=secret)


async def authenticate_by_grant(  # noqa: PLR0913 - what a proof can depend on
    assertion: str,
    client_id: str | None,
    *,
    audiences: tuple[str, ...],
    reader: ConfigurationReader,
    remote_keys: RemoteKeys,
    now: int,
) -> Authenticated:
    """Authenticate the client that an assertion is from, which comes as a grant (RFC 7523, 2.1).

    `client_id` is what the request names beside it, if anything.

    Raises:
        InvalidGrant: the assertion is not good, or from a client that may not take part.
    """
    issuer = private_key_jwt.issuer_of(assertion)
    registration = await reader.registration(issuer) if issuer else None
    client = organization = None
    owners = Owners()
    if registration is not None:
        client, organization = registration.client, registration.organization
        owners = Owners(organization=organization, project=registration.project)
    try:
        effects = await private_key_jwt.verify(
            client,
            assertion,
            audiences=audiences,
            remote_keys=remote_keys,
            now=now,
            purpose=GRANT,
        )
        reason = client_refusal(client, owners)
        if client_id is not None and client_id != issuer:
            reason = "assertion_client_mismatch"
        if registration is None or organization is None or reason is not None:
            raise _foreign_assertion(reason)
    except InvalidGrant as refusal:
        refusal.client = client
        raise
    return Authenticated(registration.client, organization, registration, effects, GRANT)


def _foreign_assertion(reason: str | None) -> InvalidGrant:
    return InvalidGrant(
        "The assertion is refused: its issuer is switched off, or is not the client_id that the "
        "request names.",
        rule="assertion-issuer",
        section="RFC 7521, 4.1",
        detail=reason,
    )


def _failure(presented: Presented, reason: str | None) -> InvalidClient:
    return InvalidClient(
        _FAILED,
        basic=presented.method == "client_secret_basic",
        rule="client-auth",
        section="RFC 6749, 2.3 and 5.2",
        received=presented.method,
        detail=reason,
    )
