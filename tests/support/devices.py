"""Answering a device in a real browser, as its owner does."""

from typing import Any

from support import acme
from support.chromium import chromium
from support.process import Conversation


def television(client_id: str, **metadata: Any) -> dict[str, Any]:
    """Describe an application on a device without a browser; `metadata` wins."""
    application = {
        "client_id": client_id,
        "client_name": client_id.replace("-", " ").capitalize(),
        "type": "DEVICE",
        "allowed_scopes": ["openid", "profile", "email", "offline_access"],
    }
    return application | metadata


async def connect(device: Conversation, told: dict[str, Any], *, complete: bool) -> dict[str, Any]:
    """Start the device's program, answer it in Chromium, and return what it learnt.

    `complete`: the address has the code, as from a QR code; else it is typed.
    """
    codes = device.ask(told)
    address = codes["verification_uri_complete" if complete else "verification_uri"]
    await approve(address, codes["user_code"], complete=complete)
    answer: dict[str, Any] = device.hear()
    return answer


async def approve(address: str, user_code: str, *, complete: bool) -> None:
    """Answer a device in Chromium, where it says."""
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(address)
        if not complete:
            await page.fill('input[name="user_code"]', user_code.lower())
        await page.click("button[type=submit]")
        await page.fill('input[name="username"]', acme.USERNAME)
        await page.fill('input[name="password"]', acme.PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url("**/consent?**")
        assert user_code in await page.inner_text("main")
        await page.wait_for_timeout(600)  # the guard against a click that was not meant
        await page.click('button[name="decision"][value="allow"]')
        await page.wait_for_url("**/device/done?**")
