"""Sending the mails that the outbox holds.

A mail is worded when it is sent, and its link is made anew then; one whose link is no good
any more is not sent. What the mail server does not take is tried again for a day; what it
refuses for good, or what a day did not help, is given up, and the audit trail says so.
"""

import email.policy
import email.utils
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import structlog

from ostiary.admin import texts
from ostiary.clock import Clock
from ostiary.egress.errors import MailRefused
from ostiary.identity import tickets
from ostiary.identity.users import display_name
from ostiary.jose.errors import NoSigningKey
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.event import Event, Result
from ostiary.model.mail import Mail
from ostiary.model.ticket import Ticket
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Emit
from ostiary.oauth.key_source import KeySource
from ostiary.pages.branding import digest_of, find_brand
from ostiary.pages.languages import Language, choose_language
from ostiary.pages.mail.render import LOGO, Filling, UnknownTemplate, Worded, word
from ostiary.pages.views import Brand
from ostiary.store import Message, Store

# Seconds between attempts; after the last one the mail is given up.
PAUSES = (5, 15, 60, 180, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
_UNREADABLE = 3600
_log = structlog.get_logger("ostiary.jobs")


class Sender(Protocol):
    """Takes a mail: a mail server, or the inbox of development mode."""

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Send a message; both addresses are plain ones.

        Raises:
            MailRefused: it was not taken.
        """
        ...


class Pointless(Exception):
    """There is nothing to send: the message says why, in a short name."""


class Courier(msgspec.Struct, frozen=True, kw_only=True):
    """Sends mails."""

    issuer: str
    # The sender of all mail, as in `Example Login <login@example.com>`.
    sender: str
    store: Store
    keys: KeySource
    clock: Clock
    # Made when there is something to send; None where no mail server is configured.
    server: Callable[[], Sender | None]

    async def deliver(self, message: Message) -> None:
        """Send a mail of the outbox, and note how it went.

        Raises:
            Unavailable: the store cannot answer now.
        """
        try:
            mail = msgspec.convert(message.payload, Mail)
        except msgspec.ValidationError:  # of a newer version, which may come back
            _log.exception("mail_not_read", message=message.id)
            later = self.clock.now() + _UNREADABLE
            await self.store.postpone_message(message, later, "not readable by this version")
            return
        try:
            made = await self._make(mail, message)
            await self._send(mail, made)
        except Pointless as reason:
            await self.store.acknowledge_message(message)
            if mail.to:  # otherwise nobody was to get it, and nobody must know
                await self._note("mail.dropped", mail, message, str(reason))
        except MailRefused as refusal:
            await self._postpone(mail, message, refusal)
        else:
            await self.store.acknowledge_message(message)
            await self._note("mail.delivered", mail, message)

    async def _send(self, mail: Mail, made: EmailMessage) -> None:
        server = self.server()
        if server is None:
            raise MailRefused("unconfigured", "no mail server is configured: set smtp.host")
        await server.send(_plain(self.sender), mail.to, made.as_bytes())

    async def _postpone(self, mail: Mail, message: Message, refusal: MailRefused) -> None:
        if refusal.permanent or message.attempts > len(PAUSES):
            _log.warning("mail_given_up", template=mail.template, reason=refusal.code)
            await self.store.give_up_message(message, str(refusal))
            await self._note("mail.given_up", mail, message, refusal.code)
            return
        later = self.clock.now() + PAUSES[message.attempts - 1]
        await self.store.postpone_message(message, later, str(refusal))
        await self._note("mail.failed", mail, message, refusal.code)

    async def _make(self, mail: Mail, message: Message) -> EmailMessage:
        """Word a mail.

        Raises:
            Pointless: nobody needs it (any more).
        """
        if not mail.to:
            raise Pointless("nobody")
        if texts.check_email(mail.to) is not None:
            raise Pointless("address")
        ring = await self.keys.ring()
        user = None if mail.user_id is None else await self.store.user(mail.user_id)
        if user is not None and user.state is UserState.DELETED:
            raise Pointless("user_deleted")
        ticket = None
        if mail.ticket_id is not None:
            ticket = await self.store.ticket_by_id(mail.ticket_id)
            if ticket is None or not tickets.is_open(ticket, self.clock.now()):
                raise Pointless("ticket_over")
        language = choose_language(filter(None, (mail.language,)))
        try:
            filling = await self._fill(mail, user, ticket, ring)
            client = None if ticket is None else await self._client_of(ticket)
            brand = await find_brand(self.store, mail.organization_id, client, language.tag)
            filling = msgspec.structs.replace(filling, brand=brand)
            worded = word(mail.template, filling, language)
        except (UnknownTemplate, KeyError) as error:
            _log.exception("mail_not_worded", template=mail.template)
            raise Pointless("template") from error
        except NoSigningKey as error:
            raise Pointless("key") from error
        made = self._compose(mail, message, worded, language)
        await self._add_logo(made, brand)
        return made

    async def _client_of(self, ticket: Ticket) -> Client | None:
        """Return the application that a ticket leads to, or that its flow is for, if any."""
        client_id = ticket.values.get("client_id")
        if client_id is None and ticket.flow is not None:
            interaction = await self.store.interaction(ticket.flow)
            client_id = None if interaction is None else interaction.client_id
        return None if client_id is None else await self.store.client(client_id)

    async def _add_logo(self, made: EmailMessage, brand: Brand) -> None:
        """Put the logo into the mail: nobody's program has to ask for it anywhere."""
        digest = None if brand.logo_url is None else digest_of(brand.logo_url)
        image = None if digest is None else await self.store.image_by_digest(digest)
        if image is None:
            return
        html = made.get_body(("html",))
        if isinstance(html, EmailMessage):
            html.add_related(
                image.content,
                maintype="image",
                subtype="png",
                cid=f"<{LOGO}>",
                disposition="inline",
                filename=f"{LOGO}.png",
            )

    async def _fill(
        self, mail: Mail, user: User | None, ticket: Ticket | None, ring: KeyRing
    ) -> Filling:
        organization = await self.store.organization(mail.organization_id)
        filling = Filling(
            site=urlsplit(self.issuer).netloc,
            name=_called(user),
            organization=mail.organization_id if organization is None else organization.name,
            values=mail.values,
        )
        if ticket is None:
            return filling
        return msgspec.structs.replace(
            filling,
            link=tickets.link_of(self.issuer, ring, ticket),
            code=tickets.code_of(ring, ticket),
            duration=ticket.expires_at - self.clock.now(),
        )

    def _compose(
        self, mail: Mail, message: Message, worded: Worded, language: Language
    ) -> EmailMessage:
        # The address is checked, and the policy refuses line breaks in any header.
        made = EmailMessage(policy=email.policy.SMTP)
        name, address = email.utils.parseaddr(self.sender)
        made["From"] = Address(display_name=name, addr_spec=address)
        made["To"] = Address(addr_spec=mail.to)
        made["Subject"] = worded.subject
        made["Date"] = email.utils.formatdate(self.clock.now())
        # The same at each attempt, so that a mail that went out twice is known as one.
        host = urlsplit(self.issuer).hostname or "localhost"
        made["Message-ID"] = f"<{message.id}.{message.created_at}.mail@{host}>"
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no program is to answer
        made["X-Auto-Response-Suppress"] = "All"
        made.set_content(worded.text, cte="quoted-printable")
        made.add_alternative(worded.html, subtype="html", cte="quoted-printable")
        made["Content-Language"] = language.tag
        return made

    async def _note(
        self, kind: str, mail: Mail, message: Message, reason: str | None = None
    ) -> None:
        details: dict[str, Any] = {"attempt": message.attempts, "template": mail.template}
        event = Event(
            type=kind,
            at=self.clock.now(),
            result=Result.SUCCESS if reason is None else Result.FAILURE,
            reason=reason,
            actor_type="system",
            user_id=mail.user_id,
            organization_id=mail.organization_id,
            target=str(message.id),
            details=details,
        )
        await self.store.apply((Emit(event),))


def _plain(sender: str) -> str:
    return email.utils.parseaddr(sender)[1]


def _called(user: User | None) -> str:
    """Return what to call somebody; nothing where there is only a name to sign in with."""
    if user is None:
        return ""
    name = display_name(user)
    return "" if name == user.username else name
