"""What the console's pages have in common: who comes in, what they may see, the frame.

Whoever comes in is the author of everything that the page does, with the roles that they hold
at that moment: the same as for a call of the management API with a token of theirs.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import NoReturn
from urllib.parse import quote

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import organizations, projects
from ostiary.admin.actor import Actor
from ostiary.admin.errors import NotFound
from ostiary.admin.holdings import holdings_of
from ostiary.login import mac
from ostiary.oauth.built_in import CONSOLE
from ostiary.pages.console import ROOT, DeniedPage, Frame
from ostiary.web.api.endpoint import Service
from ostiary.web.console.kind import Kind
from ostiary.web.console.navigation import Right, entries_for, holds, roles_with
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp
from ostiary.web.own_page import SIGN_OUT, OwnPage, shown_account

MAX_PLACES = 100
_MAX_ADDRESS = 3000
_PLACE = "place"
_FORBIDDEN = 403
_UNRESERVED = "/~!$&'()*+,;=:@"


class Denied(Exception):
    """Somebody may not see a page. `need` names a text below `console.need`."""

    def __init__(self, need: str, guest: Guest, right: Right | None = None) -> None:
        super().__init__(need)
        self.need = need
        self.guest = guest
        self.right = right


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """Who is in the console, what they hold, and which organization they look at."""

    guest: Guest
    actor: Actor
    # The organizations that they may look at, by id, with their names.
    places: tuple[tuple[str, str], ...]
    # The one that they do look at; None stands for all.
    place: str | None

    @property
    def alone(self) -> bool:
        """Whether there is one organization at most, which then goes without saying."""
        return len(self.places) <= 1


Responder = Callable[..., Awaitable[None]]


def answering(respond: Responder) -> Responder:
    """Make a responder of a page answer what it does not do."""

    @functools.wraps(respond)
    async def answer(self: "ConsoleResource", req: Request, resp: Response, **path: str) -> None:
        try:
            await respond(self, req, resp, **path)
        except Denied as denied:
            await self.deny(req, resp, denied)
        except NotFound:
            raise falcon.HTTPNotFound from None

    return answer


class ConsoleResource(OwnPage):
    """A page of the console, or one of its forms."""

    def __init__(self, idp: Idp, service: Service) -> None:
        super().__init__(idp, CONSOLE)
        self.service = service
        self.admin = service.admin

    async def enter(  # noqa: PLR0913 - what the page asks of whoever comes
        self,
        req: Request,
        resp: Response,
        *,
        right: Right | None = None,
        fresh: bool = False,
        draft: dict[str, str] | None = None,
        by_itself: bool = False,
    ) -> Admitted:
        """Let an administrator in.

        `right` is what they must hold somewhere; the operations that the page calls ask again,
        for the place that it is about. `fresh`: they must have signed in just now. `by_itself`: the
        page asks without anybody doing anything.

        Raises:
            Forged: a form comes from elsewhere.
            Denied: they administer nothing, or not enough.
            falcon.HTTPSeeOther: they have to sign in first.
            falcon.HTTPUnauthorized: the same, of a page that asks by itself.
        """
        address = address_of(req)
        guest = await self.admit(req, resp, address, fresh=fresh, draft=draft, by_itself=by_itself)
        held = await holdings_of(self.admin, guest.user.id)
        if not held:
            raise Denied("administrator", guest)
        actor = Actor(type="user", id=guest.user.id, holds=held, source=guest.visit.source)
        if right is not None and not holds(actor, right):
            raise Denied("right", guest, right)
        places = await self._places(actor)
        place = self._chosen(req, guest, actor, places)
        return Admitted(guest=guest, actor=actor, places=places, place=place)

    async def _places(self, actor: Actor) -> tuple[tuple[str, str], ...]:
        """Return the organizations that somebody holds something in: the first hundred."""
        if actor.organizations is None:
            found = await organizations.list_all(self.admin, actor, limit=MAX_PLACES)
            return tuple((one.id, one.name) for one in found)
        keys = sorted(actor.organizations)[:MAX_PLACES]
        records = [await self.idp.store.read_organization(key) for key in keys]
        return tuple((one.id, one.name) for one in records if one is not None)

    async def needless(self, admitted: Admitted, kind: Kind) -> frozenset[str]:
        """Return the members of a kind that only say where a thing is, while that is clear."""
        found = {"organization"} if admitted.alone else set[str]()
        if "project" in kind.within:
            few = await projects.list_all(self.admin, admitted.actor, admitted.place, limit=2)
            found |= {"project"} if len(few) <= 1 else set()
        return frozenset(found.intersection(kind.within))

    def _chosen(
        self, req: Request, guest: Guest, actor: Actor, places: tuple[tuple[str, str], ...]
    ) -> str | None:
        """Return the organization that was chosen last, if it is still one of theirs."""
        given = self.cookies.place(req) or ""
        place, _, vouched = given.rpartition(".")
        mine = actor.organizations
        if mac.verify(guest.keys, vouched, _PLACE, guest.session.id, place):
            if place and (mine is None or place in mine):
                return place
            if not place and mine is None:
                return None
        return None if mine is None or not places else places[0][0]

    def set_place(self, resp: Response, guest: Guest, place: str) -> None:
        """Note the organization that is looked at from now on; an empty one stands for all."""
        vouched = mac.make(guest.keys, _PLACE, guest.session.id, place)
        self.cookies.set_place(resp, f"{place}.{vouched}")

    def frame_of(self, req: Request, resp: Response, admitted: Admitted) -> Frame:
        """Return what surrounds a page; what was just done is said once."""
        guest = admitted.guest
        return Frame(
            account=shown_account(guest),
            token=self.token(guest, SIGN_OUT),
            groups=entries_for(admitted.actor, admitted.place, alone=admitted.alone),
            places=admitted.places,
            place=admitted.place,
            everywhere=admitted.actor.everywhere,
            zone=guest.user.profile.zoneinfo,
            notice=self.take_notice(req, resp, guest),
            brand=guest.brand,
        )

    async def deny(self, req: Request, resp: Response, denied: Denied) -> None:
        """Say what somebody lacks to see a page."""
        guest, right = denied.guest, denied.right
        frame = Frame(
            account=shown_account(guest), token=self.token(guest, SIGN_OUT), brand=guest.brand
        )
        page = DeniedPage(
            site=self.site,
            frame=frame,
            need=denied.need,
            area=None if right is None else right[0].value,
            level=None if right is None else right[1].name.lower(),
            roles=() if right is None else tuple(map(str, roles_with(right))),
        )
        self.show(resp, page, self.language(req, guest), _FORBIDDEN)


def address_of(req: Request) -> str:
    """Return the address of a page as a link: without its query where that is too long."""
    path = quote(req.path, safe=_UNRESERVED)
    query: str = req.query_string
    plain = query.isascii() and query.isprintable() and " " not in query
    if query and plain and len(path) + len(query) < _MAX_ADDRESS:
        return f"{path}?{query}"
    return path if len(path) < _MAX_ADDRESS else ROOT


def go_to(url: str) -> NoReturn:
    """Send the browser to another page of the console."""
    raise falcon.HTTPSeeOther(url)
