"""A token of any kind that somebody asks about: is it good, and whose is it?"""

import msgspec

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.oauth.errors import InvalidToken
from ostiary.oauth.membership import read_footing
from ostiary.oauth.reader import FamilyStanding, Reader
from ostiary.oauth.token import refresh
from ostiary.oauth.token.bearer import Presented, examine, recognize
from ostiary.oauth.token.refresh import RefreshToken
from ostiary.oauth.usable import client_refusal, read_owners, standing_refusal


class FoundRefresh(msgspec.Struct, frozen=True):
    """A refresh token that was made here, of whatever generation, and its family."""

    token: RefreshToken
    family: FamilyStanding


async def find_refresh(token: str, reader: Reader, ring: KeyRing) -> FoundRefresh | None:
    """Return the family of a genuine refresh token, or None for any other text."""
    parts = refresh.read(token)
    if parts is None:
        return None
    found = await reader.refresh_family(parts.family_id)
    if found is None or not parts.made_with(ring.mac_key("refresh", found.family.key_version)):
        return None
    return FoundRefresh(parts, found)


async def good_refresh(found: FoundRefresh, client: Client, reader: Reader, now: int) -> bool:
    """Tell whether `client` could use the refresh token now."""
    family, standing = found.family.family, found.family.standing
    if family.client_id != client.client_id or found.token.generation != family.generation:
        return False
    if min(family.idle_expires_at, family.expires_at) <= now:
        return False
    if client_refusal(client, await read_owners(client, reader)) is not None:
        return False
    footing = await read_footing(standing, reader)
    return standing_refusal(standing, client, footing, now) is None


async def find_access(
    token: str, reader: Reader, ring: KeyRing, issuer: str, now: int
) -> Presented | None:
    """Return a good access token with what it rests on, or None for any other text."""
    try:
        return await examine(token, reader, ring, issuer, now)
    except InvalidToken:
        return None


async def find_revocable(
    token: str, reader: Reader, ring: KeyRing, issuer: str, now: int
) -> Presented | None:
    """Return an access token that is good or could become so again, or None for any other text."""
    try:
        return await recognize(token, reader, ring, issuer, now)
    except InvalidToken:
        return None
