"""GET and POST /account/profile: what a person says about themselves, language and time zone."""

import functools
import zoneinfo

import msgspec
from falcon.asgi import Request, Response
from msgspec import UNSET

from ostiary.admin import profile
from ostiary.admin.errors import Invalid
from ostiary.admin.profile import Outdated, stamp_of
from ostiary.admin.user_fields import AddressFields, ProfileFields, UserFields
from ostiary.model.user import Address, User
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.account import Field, FieldGroup, ProfilePage
from ostiary.pages.languages import choose_language, load_languages
from ostiary.pages.views import Problem
from ostiary.web.account.page import AccountResource, author_of, go_to_page
from ostiary.web.administration import make_admin
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp

_SECTION = ProfilePage.section
# Name, autocomplete token (HTML, 4.10.18.7.1), hint.
_GROUPS: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    "names": (
        ("name", "name", None),
        ("given_name", "given-name", None),
        ("family_name", "family-name", None),
        ("middle_name", "additional-name", None),
        ("nickname", "nickname", None),
    ),
    "about": (
        ("birthdate", "bday", "birthdate"),
        ("gender", "sex", None),
        ("website", "url", "picture"),
        ("profile", "off", "picture"),
        ("picture", "photo", "picture"),
    ),
    "address": (
        ("street_address", "street-address", None),
        ("postal_code", "postal-code", None),
        ("locality", "address-level2", None),
        ("region", "address-level1", None),
        ("country", "country-name", None),
    ),
}
_ADDRESS = frozenset(name for name, _, _ in _GROUPS["address"])
_HERE = ("locale", "zoneinfo")
_NAMES = (*(name for group in _GROUPS.values() for name, _, _ in group), *_HERE)
# More than that of a field is too long in any case.
_MAX_KEPT = 500
_FAULTS = {
    "birthdate": "birthdate",
    "zoneinfo": "zoneinfo",
    "locale": "locale",
    "website": "link",
    "profile": "link",
    "picture": "link",
}


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The form as it is shown: what is in the fields, and which profile it was made of."""

    values: dict[str, str]
    stamp: str
    problem: Problem | None = None


class ProfileResource(AccountResource):
    """A person's own details."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._admin = make_admin(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show them in a form."""
        guest = await self.enter(req, resp, _SECTION)
        sheet = Sheet(values=_values(guest.user), stamp=stamp_of(guest.user))
        kept = await self._kept(req, guest)
        if kept is not None:
            problem = Problem(key="account_kept")
            sheet = Sheet(values=sheet.values | kept, stamp=sheet.stamp, problem=problem)
        self._show(req, resp, guest, sheet)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Save them; where that cannot be, what was typed stays."""
        form = await self.parse(req)
        typed = {name: (form.get(name) or "")[:_MAX_KEPT] for name in _NAMES}
        guest = await self.enter(req, resp, _SECTION, draft=typed)
        await self.check(form, guest, _SECTION)
        present = _values(guest.user)
        typed = _read(form, present)
        stamp = form.get("stamp") or ""
        try:
            _check_zone(typed["zoneinfo"], present["zoneinfo"])
            await profile.update(self._admin, author_of(guest), stamp, _request(typed, present))
        except Invalid as error:
            faulty = tuple(problem.path.partition(".")[2] for problem in error.problems)
            problem = Problem(key="account_fields", fields=faulty)
            sheet = Sheet(values=typed, stamp=stamp, problem=problem)
            self._show(req, resp, guest, sheet, 422)
        except Outdated:
            current = stamp_of(await self._current(guest))
            problem = Problem(key="account_outdated")
            sheet = Sheet(values=typed, stamp=current, problem=problem)
            self._show(req, resp, guest, sheet, 409)
        else:
            self.say(resp, guest, "profile_saved")
            go_to_page(_SECTION)

    async def _kept(self, req: Request, guest: Guest) -> dict[str, str] | None:
        """Return what was typed before the person had to sign in again."""
        query = parse_form(bytes(req.scope["query_string"]))
        flow = query.get("draft")
        kept = None if flow is None else await self.entrance.find_draft(guest, flow)
        return None if kept is None else {name: kept.get(name, "") for name in _NAMES}

    async def _current(self, guest: Guest) -> User:
        return await self.idp.store.read_user(guest.user.id) or guest.user

    def _show(
        self, req: Request, resp: Response, guest: Guest, sheet: Sheet, status: int = 200
    ) -> None:
        values, problem = sheet.values, sheet.problem
        faulty = problem.fields if problem else ()

        def field(name: str, autocomplete: str = "off", hint: str | None = None) -> Field:
            fault = _FAULTS.get(name, "text") if name in faulty else None
            return Field(
                name=name,
                value=values[name],
                lines=name == "street_address",
                autocomplete=autocomplete,
                hint=hint,
                fault=fault,
            )

        page = ProfilePage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            problem=problem,
            token=self.token(guest, _SECTION),
            stamp=sheet.stamp,
            username=guest.user.username,
            groups=tuple(
                FieldGroup(key=key, fields=tuple(field(*one) for one in fields))
                for key, fields in _GROUPS.items()
            ),
            locale=choose_language((values["locale"],)).tag if values["locale"] else "",
            languages=tuple((one.tag, one.name) for one in load_languages().values()),
            zone=field("zoneinfo", hint="zoneinfo"),
            zones=_zones(),
        )
        self.show(resp, page, self.language(req, guest), status)


@functools.cache
def _zones() -> tuple[str, ...]:
    """Return the time zones that places are in, by name."""
    names = zoneinfo.available_timezones()
    places = (name for name in names if "/" in name and not name.startswith("Etc/"))
    return tuple(sorted((*places, "UTC"))) if names else ()


def _check_zone(name: str, present: str) -> None:
    """Hold a new time zone to those that there are, where this machine knows them."""
    if name and name != present and _zones() and name not in _zones():
        raise Invalid.at("profile.zoneinfo", "is no time zone")


def _values(user: User) -> dict[str, str]:
    address = user.address or Address()
    return {
        name: getattr(address if name in _ADDRESS else user.profile, name) or "" for name in _NAMES
    }


def _read(form: Form, present: dict[str, str]) -> dict[str, str]:
    """Return what was typed.

    The language is chosen from a list, where one that is listed stands for its variants.
    """
    typed = {name: (form.get(name) or "").strip().replace("\r\n", "\n") for name in _NAMES}
    old = present["locale"]
    if old and typed["locale"] == choose_language((old,)).tag:
        typed["locale"] = old
    return typed


def _request(typed: dict[str, str], present: dict[str, str]) -> UserFields:
    about = {name: typed[name] for name in _NAMES if name not in _ADDRESS}
    address = {name: typed[name] for name in _ADDRESS}
    # The address as one text says the same: it goes where its parts change.
    moved = any(present[name] != text for name, text in address.items())
    return UserFields(
        profile=ProfileFields(**about),
        address=AddressFields(**address, formatted=None if moved else UNSET),
    )
