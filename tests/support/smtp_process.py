"""A mail server that keeps what it gets: `python smtp_process.py PORT FOLDER SECURITY [PEM]`.

SECURITY is `none`, `starttls` or `tls`; with TLS it wants the user `mailer` to log in. It
refuses the mailbox `unknown` for good, and `full` for now.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "mailer", "the mail server's own password"
_REFUSED = {"unknown": "550 5.1.1 No such mailbox", "full": "452 4.2.2 Mailbox full"}


class Keeper:
    """Keeps each mail as a JSON file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a recipient, or refuse it."""
        refused = _REFUSED.get(address.partition("@")[0])
        if refused is None:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - likewise
        """Keep a mail."""
        self.count += 1
        secure = server.transport.get_extra_info("sslcontext") is not None
        kept = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "content": envelope.content.decode("ascii"),
            "secure": secure,
            "user": session.auth_data.decode() if session.authenticated else None,
        }
        draft = self.folder / f"{self.count}.draft"
        draft.write_text(json.dumps(kept), encoding="utf-8")
        draft.rename(self.folder / f"{self.count:04}-{id(self):x}.json")
        return "250 Kept"


def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
    """Know the one user there is."""
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False)
    right = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=right, auth_data=data.login)


async def main(port: int, folder: Path, security: str, pem: str | None) -> None:
    """Serve until the process is ended."""
    context = None
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    keeper = Keeper(folder)

    def protocol() -> SMTP:
        return SMTP(
            keeper,
            hostname="mail.test",
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=security != "none",
            auth_require_tls=security == "starttls",
            authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", port, ssl=context if security == "tls" else None
    )
    (folder / "ready").touch()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(
        main(
            int(arguments[0]),
            Path(arguments[1]),
            arguments[2],
            arguments[3] if len(arguments) > 3 else None,
        )
    )
