"""`ostiary mail`: the mails that wait, and whether any can be sent."""

import email.utils
from email.message import EmailMessage
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from ostiary.admin import texts
from ostiary.cli.answer import Answer, ExitCode, Failure, table
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import Limit
from ostiary.cli.views import time_of
from ostiary.clock import SystemClock
from ostiary.egress.errors import MailRefused
from ostiary.egress.smtp import MailServer
from ostiary.model.mail import MAIL
from ostiary.pages.languages import choose_language
from ostiary.pages.mail.render import Filling, word
from ostiary.settings import Settings
from ostiary.store import Waiting
from ostiary.store.reads.outbox import NEVER

_MANY = 1000
group = typer.Typer(name="mail", help="Mail that is to be sent.", no_args_is_help=True)


@command(group, "list")
async def list_mail(
    instance: Instance,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was tried in vain so far.")
    ] = False,
    after: Annotated[
        int,
        typer.Option("--after", help="Go on after this one.", metavar="NUMBER", show_default=False),
    ] = 0,
    limit: Limit = 100,
) -> Answer:
    """List mails that wait to be sent, or were given up.

    What was sent is in the audit trail, as mail.delivered.
    """
    found = await instance.store.list_messages(MAIL, after, limit, failed=failed)
    views = [_view(one) for one in found]
    rows: list[tuple[object, ...]] = [
        (
            view["id"],
            view["template"],
            view["to"],
            view["attempts"],
            view["next_at"] or "given up",
            view["last_error"],
        )
        for view in views
    ]
    names = ("id", "template", "to", "attempts", "next", "last error")
    warnings: tuple[str, ...] = ()
    if len(found) == limit:
        warnings = (f"There may be more: go on by --after {found[-1].id}",)
    return Answer(data=views, text=table(names, rows, "No mail waits."), warnings=warnings)


@command(group, "retry")
async def retry_mail(
    instance: Instance,
    ids: Annotated[
        list[int] | None,
        typer.Argument(help="As listed; all that failed unless given.", metavar="NUMBER…"),
    ] = None,
) -> Answer:
    """Try mails again at once, also what was given up."""
    now = instance.admin.clock.now()
    store = instance.store
    wanted = ids or [one.id for one in await store.list_messages(MAIL, 0, _MANY, failed=True)]
    retried = [id_ for id_ in wanted if await store.retry_message(MAIL, id_, now)]
    return Answer(data={"retried": retried}, text=f"{len(retried)} mails are tried again now.")


@command(group, "test")
async def send_test(
    settings: Settings,
    to: Annotated[str, typer.Option("--to", help="Where to send it.", metavar="ADDRESS")],
    language: Annotated[
        str, typer.Option("--language", help="As in de or en.", metavar="TAG")
    ] = "en",
) -> Answer:
    """Send a test mail.

    It goes to the configured mail server at once, and not by the running server.
    """
    smtp = settings.smtp
    if not smtp.host:
        raise Failure(
            "settings",
            "No mail server is configured.",
            exit_code=ExitCode.FAILED,
            hint="Set smtp.host and smtp.from. With --dev, mail is at /dev/inbox without one.",
        )
    if wrong := texts.check_email(to):
        raise Failure("usage", f"--to {wrong}.", exit_code=ExitCode.USAGE)
    parts = urlsplit(settings.public_url)
    site, host = parts.netloc, parts.hostname or "localhost"
    worded = word("test", Filling(site=site), choose_language((language,)))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = smtp.sender, to, worded.subject
    message["Date"] = email.utils.formatdate(SystemClock().now())
    message["Message-ID"] = email.utils.make_msgid("test", host)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(worded.text)
    message.add_alternative(worded.html, subtype="html")
    server = MailServer(smtp, settings.egress.ca_file, host)
    try:
        sender = email.utils.parseaddr(smtp.sender)[1]
        await server.send(sender, to, message.as_bytes())
    except MailRefused as refusal:
        raise Failure(
            "mail",
            f"{smtp.host}:{smtp.port} did not take the mail: {refusal}.",
            exit_code=ExitCode.UNHEALTHY,
            hint="See the settings of [smtp].",
        ) from None
    return Answer(
        data={"to": to, "server": f"{smtp.host}:{smtp.port}"},
        text=f"{smtp.host} took a mail to {to}.",
    )


def _view(waiting: Waiting) -> dict[str, Any]:
    given_up = waiting.due_at == NEVER
    return {
        "id": waiting.id,
        "template": waiting.payload.get("template"),
        # A mail to nobody makes a request look alike whether there is an account or not.
        "to": waiting.payload.get("to") or "nobody",
        "attempts": waiting.attempts,
        "created_at": time_of(waiting.created_at),
        "next_at": None if given_up else time_of(waiting.due_at),
        "given_up": given_up,
        "last_error": waiting.last_error,
    }
