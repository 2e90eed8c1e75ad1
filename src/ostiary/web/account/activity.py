"""GET /account/activity: what happened with the account, newest first."""

from collections.abc import Mapping
from urllib.parse import urlencode

from falcon.asgi import Request, Response

from ostiary.model.event import Event, Result
from ostiary.oauth.built_in import BUILT_IN
from ostiary.oauth.message import parse_form
from ostiary.pages.account import ActivityPage, ActivityRow, path_of
from ostiary.pages.agents import summarize
from ostiary.pages.text import shown_name
from ostiary.web.account.page import AccountResource, network_of
from ostiary.web.entrance import Guest

_SECTION = ActivityPage.section
_PAGE = 25
_END = 2**63 - 1
_ALL = "all"
# Authors of events that act for the person, or that may be the person before they signed in.
_NOBODY_ELSE = frozenset({"client", "browser"})

GROUPS: Mapping[str, tuple[str, ...]] = {
    "sign_ins": (
        "auth.login.success",
        "auth.login.failure",
        "auth.factor.failure",
        "auth.locked",
        "auth.logout",
        "session.revoked",
    ),
    "changes": (
        "password.changed",
        "password.removed",
        "password.reset.requested",
        "password.reset.completed",
        "email.verified",
        "email.changed",
        "email.change.requested",
        "email.change.undone",
        "factor.added",
        "factor.removed",
        "factors.reset",
        "recovery_codes.created",
        "device.trusted",
        "device.revoked",
        "invite.accepted",
        "personal_token.created",
        "personal_token.revoked",
        "account.created",
        "account.updated",
        "account.enabled",
        "account.locked",
        "account.disabled",
        "account.unlocked",
        "account.exported",
        "role.granted",
        "role.changed",
        "role.revoked",
    ),
    "apps": (
        "consent.granted",
        "consent.denied",
        "consent.revoked",
        "grant.revoked",
        "device.approved",
        "device.denied",
        "token.reuse_detected",
    ),
}
"""The events that people see, by what they are about."""

SEEN = tuple(name for group in GROUPS.values() for name in group)
"""All of them."""


class Activity(AccountResource):
    """What happened with a person's account."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show a page of it."""
        guest = await self.enter(req, resp, _SECTION)
        query = parse_form(bytes(req.scope["query_string"]))
        query.refuse_duplicates()
        shown = query.get("show") or ""
        chosen = shown if shown in GROUPS else _ALL
        before = _read_position(query.get("before"))
        found = await self.idp.store.activity(
            guest.user.id, GROUPS.get(chosen, SEEN), before, _PAGE + 1
        )
        language = self.language(req, guest)
        page = ActivityPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            rows=tuple([await self._row(event, guest, language.tag) for _, event in found[:_PAGE]]),
            choices=(_ALL, *GROUPS),
            chosen=chosen,
            older_url=_url(chosen, found[_PAGE - 1][0]) if len(found) > _PAGE else None,
            newest_url=None if before == _END else _url(chosen),
        )
        self.show(resp, page, language)

    async def _row(self, event: Event, guest: Guest, tag: str) -> ActivityRow:
        own = event.actor_id == guest.user.id or event.actor_type in _NOBODY_ELSE
        return ActivityRow(
            type=event.type,
            at=event.at,
            failed=event.result is Result.FAILURE,
            by_other=not own,
            app=await self._name(event.client_id, tag),
            # Where somebody else works from is their own affair.
            agent=summarize(event.user_agent) if own and event.user_agent else None,
            network=network_of(event.ip) if own and event.ip else None,
        )

    async def _name(self, client_id: str | None, tag: str) -> str | None:
        if client_id is None or client_id in BUILT_IN:
            return None
        client = await self.idp.store.client(client_id)
        return client_id if client is None else shown_name(client, tag)


def _read_position(text: str | None) -> int:
    """Read where a page begins; whatever is none begins with the newest."""
    digits = text is not None and text.isascii() and text.isdecimal() and len(text) < 19  # noqa: PLR2004 - an int64
    return int(text) if text is not None and digits else _END


def _url(chosen: str, before: int | None = None) -> str:
    query: dict[str, str] = {} if chosen == _ALL else {"show": chosen}
    if before is not None:
        query["before"] = str(before)
    return path_of(_SECTION) + (f"?{urlencode(query)}" if query else "")
