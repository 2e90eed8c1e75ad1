"""What the account pages have in common: who comes in, and the frame around them."""

import ipaddress
from typing import NoReturn

import falcon
from falcon.asgi import Request, Response

from ostiary.admin.actor import Actor, within
from ostiary.oauth.built_in import ACCOUNT
from ostiary.pages.account import Frame, path_of
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp
from ostiary.web.own_page import SIGN_OUT, OwnPage, shown_account

_IPV4_PREFIX, _IPV6_PREFIX = 24, 48


class AccountResource(OwnPage):
    """A page of the account, or one of its forms."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp, ACCOUNT)

    async def enter(
        self,
        req: Request,
        resp: Response,
        section: str,
        *,
        fresh: bool = False,
        draft: dict[str, str] | None = None,
    ) -> Guest:
        """Let a person in to a page.

        Raises:
            Forged: a form comes from elsewhere.
            falcon.HTTPSeeOther: they have to sign in first.
        """
        return await self.admit(req, resp, path_of(section), fresh=fresh, draft=draft)

    def frame(self, req: Request, resp: Response, guest: Guest) -> Frame:
        """Return what surrounds a page; what was just done is said once."""
        return Frame(
            account=shown_account(guest),
            token=self.token(guest, SIGN_OUT),
            zone=guest.user.profile.zoneinfo,
            notice=self.take_notice(req, resp, guest),
            brand=guest.brand,
        )


def go_to_page(section: str) -> NoReturn:
    """Send the browser to one of the pages."""
    raise falcon.HTTPSeeOther(path_of(section))


def author_of(guest: Guest) -> Actor:
    """Return the person as the author of a management operation, in their organization."""
    user = guest.user
    return within("user", user.id, user.organization_id, guest.visit.source)


def network_of(ip: str) -> str:
    """Return the part of an address that says where roughly, and not who: a place is not told."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    shown = mapped or address
    length = _IPV4_PREFIX if shown.version == 4 else _IPV6_PREFIX  # noqa: PLR2004 - the protocol
    return str(ipaddress.ip_network((shown, length), strict=False))
