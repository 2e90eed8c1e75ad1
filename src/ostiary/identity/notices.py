"""Mails that tell people what happened to their account.

Each function returns the effects that belong into the transaction of what it tells of, so
that nothing happens without its notice, and no notice goes out for what was rolled back.
Somebody without an address gets none.
"""

from datetime import UTC, datetime

import msgspec

from ostiary.model.event import Source
from ostiary.model.mail import MAIL, Mail
from ostiary.model.ticket import Ticket
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Effects, Enqueue

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def enqueue(mail: Mail, now: int) -> Enqueue:
    """Return the effect that sends a mail once the step is committed."""
    return Enqueue(MAIL, msgspec.to_builtins(mail), now)


def send_ticket(
    template: str, ticket: Ticket, user: User | None, now: int, **values: str
) -> Enqueue:
    """Return the effect that mails a ticket's link; `user` decides on name and language."""
    mail = Mail(
        template=template,
        to=ticket.email,
        organization_id=ticket.organization_id,
        user_id=None if user is None else user.id,
        language=None if user is None else user.profile.locale,
        ticket_id=ticket.id,
        values=values,
    )
    return enqueue(mail, now)


def new_device(user: User, source: Source, now: int) -> Effects:
    """Tell of a sign-in on a device that the person had not used before."""
    device = describe_device(source.user_agent)
    return _tell("new_device", user, now, device=device or "-", ip=source.ip or "-")


def password_changed(user: User, now: int) -> Effects:
    """Tell that the password was changed; `user` may be as before or after."""
    return _tell("password_changed", user, now)


def factor_added(user: User, factor: str, now: int) -> Effects:
    """Tell of a further way to sign in; `factor` is its name in policies."""
    return _tell("factor_added", user, now, factor=factor)


def factor_removed(user: User, factor: str, now: int) -> Effects:
    """Tell that a way to sign in is gone; `factor` is its name in policies."""
    return _tell("factor_removed", user, now, factor=factor)


def recovery_code_used(user: User, now: int) -> Effects:
    """Tell that a recovery code stood in for a second factor."""
    return _tell("recovery_code_used", user, now)


def email_changed(user: User, address: str | None, now: int) -> Effects:
    """Tell the old address of `user`, who is as before, that another one took its place."""
    return _tell("email_changed", user, now, address=address or "-")


def account_deleted(user: User, now: int) -> Effects:
    """Tell `user`, who is as before, that the account is gone.

    Nobody who was never let in is told: the address may be anybody's. The mail names no
    account, since those of an account that is gone are not sent.
    """
    if user.state is UserState.PENDING:
        return ()
    return _write("account_deleted", user, None, now)


def _tell(template: str, user: User, now: int, **values: str) -> Effects:
    return _write(template, user, user.id, now, **values)


def _write(template: str, user: User, account: str | None, now: int, **values: str) -> Effects:
    if not user.email:
        return ()
    time = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    mail = Mail(
        template=template,
        to=user.email,
        organization_id=user.organization_id,
        user_id=account,
        language=user.profile.locale,
        values={"login": user.username, "time": time, **values},
    )
    return (enqueue(mail, now),)


def describe_device(user_agent: str) -> str:
    """Say what a User-Agent header means, in words of our own: the header is a stranger's."""
    found = (
        next((name for mark, name in known if mark in user_agent), None)
        for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))
