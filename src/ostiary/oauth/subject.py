"""Who a person is to a client: the one place where a `sub` of a person is made.

Public subjects are the user's id. A pairwise subject is another one for each sector, so
that the owners of different applications cannot tell that they serve the same person
(OpenID Connect Core 8 and 8.1).
"""

import hmac
from urllib.parse import urlsplit

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.oauth import handle

PURPOSE = "pairwise"
PUBLIC, PAIRWISE = TYPES = ("public", "pairwise")
# Subjects must last: no other version of the key ever takes the place of the first.
_KEY_VERSION = 1
_LENGTH = 43  # 62**43 > 2**256


def subject_of(client: Client, user_id: str, ring: KeyRing) -> str:
    """Return the `sub` under which a client knows a user.

    Raises:
        NoSigningKey: the instance has no key for pairwise subjects.
    """
    if client.subject_type != PAIRWISE:
        return user_id
    message = f"sub\0{sector_of(client)}\0{user_id}".encode()
    key = ring.mac_key(PURPOSE, _KEY_VERSION)
    return handle.encode62(hmac.digest(key, message, "sha256"), _LENGTH)


def sector_of(client: Client) -> str:
    """Return the sector of a client (Core 8.1).

    The host of its sector identifier, or the one host of its redirect URIs. Without either
    the client is a sector of its own; so is one on loopback or with a scheme of its own,
    where the host says nothing about the owner.
    """
    if client.sector_identifier_uri is not None:
        return f"host:{urlsplit(client.sector_identifier_uri).hostname}"
    hosts = {urlsplit(uri).hostname for uri in client.redirect_uris if uri.startswith("https://")}
    if len(hosts) == 1 and all(uri.startswith("https://") for uri in client.redirect_uris):
        return f"host:{hosts.pop()}"
    return f"client:{client.client_id}"
