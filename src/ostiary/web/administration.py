"""Management operations, as pages of ours use them."""

from ostiary.admin.store import Admin
from ostiary.web.idp import Idp


def make_admin(idp: Idp) -> Admin:
    """Make what management operations work with, for those that concern people alone."""

    async def hash_password(password: bytes) -> str:
        async with idp.passwords.slot() as slot:
            return await slot.hash(password)

    return Admin(
        issuer=idp.issuer,
        store=idp.store,
        clock=idp.clock,
        entropy=idp.entropy,
        hash_password=hash_password,
        check_address=_fetch_nothing,
        keys=idp.keys,
    )


async def _fetch_nothing(_address: str) -> str | None:
    """A user has no address that is fetched from."""
    return None
