"""Chromium's virtual authenticator: the browser, its checks and the page's script are real."""

from typing import Any

from playwright.async_api import Page


class VirtualAuthenticator:
    """The authenticator of one tab."""

    def __init__(self, session: Any, id_: str) -> None:
        self._session = session
        self.id = id_

    async def do(self, command: str, **parameters: Any) -> dict[str, Any]:
        """Send a command about it."""
        return await self._session.send(
            f"WebAuthn.{command}", {"authenticatorId": self.id, **parameters}
        )

    async def credentials(self) -> list[dict[str, Any]]:
        """What it holds."""
        return (await self.do("getCredentials"))["credentials"]


async def plug_in(page: Page, *, synced: bool = True) -> VirtualAuthenticator:
    """Give a tab an authenticator of its own, whose owner is there and verified."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "defaultBackupEligibility": synced,
        "defaultBackupState": synced,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return VirtualAuthenticator(session, made["authenticatorId"])
