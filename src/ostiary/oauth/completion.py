"""What an issuance gets after it was decided on: what tokens tell besides, and for whose eyes."""

import msgspec

from ostiary.oauth.clients.envelope import find_envelope
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.extras import NOTHING, Reader, read_extras
from ostiary.oauth.issuance import Issuance, TokenRequest


async def complete(
    request: TokenRequest, issuance: Issuance, reader: Reader, remote_keys: RemoteKeys
) -> Issuance:
    """Add roles and the like, and the key that an ID token is encrypted for.

    Nothing is read for a client that wants neither.

    Raises:
        InvalidRequest: the client has no key to encrypt for.
        TemporarilyUnavailable: its keys cannot be read now.
    """
    client = request.client
    extras = await read_extras(client, issuance.standing, issuance.scopes, reader)
    envelope = None
    alg, enc = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
    if issuance.id_token and alg is not None:
        envelope = await find_envelope(client, alg, enc, remote_keys, request.now)
    if extras is NOTHING and envelope is None:
        return issuance
    return msgspec.structs.replace(issuance, extras=extras, envelope=envelope)
