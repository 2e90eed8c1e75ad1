"""Handing mail to the mail server that the settings name (RFC 5321, RFC 6409).

Where encryption is configured there is no mail without it: a server that does not offer
STARTTLS, or whose certificate is not its own, gets neither the password nor the message.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from ostiary.egress.connection import make_ssl_context
from ostiary.egress.errors import MailRefused
from ostiary.settings import Smtp

# Seconds for one command, and for a whole mail.
_COMMAND_SECONDS = 15
_TOTAL_SECONDS = 40
_PERMANENT = 500


class MailServer:
    """Sends through the configured server, with a connection for each mail."""

    def __init__(self, settings: Smtp, ca_file: str, hostname: str) -> None:
        """`ca_file` holds further authorities to trust; `hostname` is our own name."""
        self._settings = settings
        self._ca_file = ca_file
        self._hostname = hostname
        self._context: ssl.SSLContext | None = None

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Send a message; both addresses are plain ones.

        Raises:
            MailRefused: it was not taken.
        """
        async with self._session() as connection:
            await connection.sendmail(sender, [recipient], message)

    async def check(self) -> None:
        """See whether the server can be reached, encrypted to, and logged in to.

        Raises:
            MailRefused: it cannot.
        """
        async with self._session() as connection:
            await connection.noop()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        try:
            async with asyncio.timeout(_TOTAL_SECONDS), self._connect() as connection:
                yield connection
        except SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0]) from error
        except SMTPAuthenticationError as error:
            # The operator's mistake, and not the mail's: it may go out once that is mended.
            raise MailRefused(str(error.code), f"login refused: {error.message}") from error
        except SMTPResponseException as error:
            raise _refused(error) from error
        except SMTPException as error:
            raise MailRefused(type(error).__name__, str(error)) from error
        except TimeoutError as error:
            raise MailRefused("timeout", f"took more than {_TOTAL_SECONDS} s") from error
        except OSError as error:  # ssl.SSLError is one
            raise MailRefused("connection", str(error)) from error

    def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        if self._context is None:
            self._context = make_ssl_context(self._ca_file)
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.reveal() or None,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else self._context,
            local_hostname=self._hostname,
            timeout=_COMMAND_SECONDS,
        )


def _refused(error: SMTPResponseException) -> MailRefused:
    return MailRefused(str(error.code), error.message, permanent=error.code >= _PERMANENT)
