"""The client programs of tests/e2e/node, and signing in with them."""

from pathlib import Path
from typing import Any

from support import acme
from support.browser import Browser
from support.process import Conversation, Process
from support.server import Server

PROGRAMS = Path(__file__).resolve().parents[1] / "e2e" / "node"
SCOPE = "openid profile email offline_access"


def client(name: str, folder: Path) -> Conversation:
    """Make a client program, which starts with the block; it logs into the folder."""
    return Conversation(Process(["node", PROGRAMS / f"{name}.mjs"], folder=folder, name=name))


def settings(server: Server, application: dict[str, Any], **told: Any) -> dict[str, Any]:
    """Return what a client program is told about its provider and itself."""
    known = {
        "issuer": server.issuer,
        "client_id": application.get("client_id"),
        "client_secret": application.get("client_secret"),
    }
    return known | told


def sign_in(
    conversation: Conversation,
    server: Server,
    application: dict[str, Any],
    redirect_uri: str,
    **told: Any,
) -> dict[str, Any]:
    """Let Alice sign in to the client, and return all that the client learnt.

    `begun` is what the client said before it sent her off.
    """
    told = {"redirect_uri": redirect_uri, "scope": SCOPE} | told
    with conversation as program, Browser(redirect_uri) as browser:
        begun = program.ask(settings(server, application, **told))
        page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
        answer: dict[str, Any] = program.ask(page.url)
    return answer | {"begun": begun}
