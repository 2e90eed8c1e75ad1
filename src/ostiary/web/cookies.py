"""The cookies of a browser: which browser it is, who has signed in on the device, its state.

Values are random or authenticated, and say nothing. On an http loopback issuer, which
only development has, they lack `Secure` and so the `__Host-` prefix.
"""

import re

import msgspec
from falcon.asgi import Request, Response

from ostiary.login.device import Device, read_device
from ostiary.oauth.authorization.pending import LIFETIME
from ostiary.oauth.handle import BODY_LENGTH

_DEVICE_MAX_AGE = 365 * 86400
_NOTICE_MAX_AGE = 60
_STATE = re.compile(r"[A-Za-z0-9_-]{22,43}")


def read_cookie(request: Request, name: str) -> str | None:
    """Return the value of a cookie as it was sent; of several with the name, the first.

    Nothing is unquoted, since nothing that we set is quoted: to undo the quotes of a long
    value takes Python's library time that grows with the square of its length.
    """
    for pair in (request.get_header("Cookie") or "").split(";"):
        key, equals, value = pair.strip().partition("=")
        if equals and key == name:
            return value
    return None


def is_flow_id(value: str) -> bool:
    """Tell whether a value can be the id of a flow."""
    return len(value) == BODY_LENGTH and value.isascii() and value.isalnum()


class Cookies(msgspec.Struct, frozen=True):
    """Reads and writes the cookies of one issuer."""

    secure: bool

    def browser(self, request: Request) -> str | None:
        """Return the value of the browser cookie."""
        value = self._read(request, "ostiary_browser")
        return value if value is not None and len(value) == BODY_LENGTH else None

    def set_browser(
        self,
        response: Response,
        value: str,
        max_age: int | None = None,
        *,
        cross_site: bool = False,
    ) -> None:
        """Set the browser cookie; without `max_age` (seconds) it ends with the window.

        `cross_site`: frames of other sites get it, too.
        """
        self._write(response, "ostiary_browser", value, max_age, cross_site=cross_site)

    def state(self, request: Request) -> str | None:
        """Return the browser state that the browser has."""
        value = self._read(request, "ostiary_state")
        return value if value is not None and _STATE.fullmatch(value) else None

    def set_state(self, response: Response, value: str) -> None:
        """Set the browser state, which a page of ours in a frame of any site reads.

        Browsers take `Secure` also from loopback, and no `SameSite=None` without it.
        """
        response.append_header(
            "Set-Cookie", f"{self._name('ostiary_state')}={value}; Path=/; SameSite=None; Secure"
        )

    def entered(self, request: Request, pages: str) -> str | None:
        """Return for whom some of our own pages were opened, as it was vouched for."""
        return self._read(request, f"ostiary_{pages}")

    def set_entered(self, response: Response, pages: str, value: str) -> None:
        """Note for whom some of our own pages are open; it ends with the browser's window."""
        self._write(response, f"ostiary_{pages}", value, None)

    def notice(self, request: Request) -> str | None:
        """Return what the next page is to say of what was done."""
        return self._read(request, "ostiary_notice")

    def set_notice(self, response: Response, value: str) -> None:
        """Have the next page say something; an empty value takes that back."""
        self._write(response, "ostiary_notice", value, _NOTICE_MAX_AGE if value else 0)

    def place(self, request: Request) -> str | None:
        """Return the organization that the console looks at, as it was vouched for."""
        return self._read(request, "ostiary_place")

    def set_place(self, response: Response, value: str) -> None:
        """Note the organization that the console looks at, until the window is closed."""
        self._write(response, "ostiary_place", value, None)

    def device(self, request: Request) -> Device | None:
        """Return what the device cookie says."""
        return read_device(self._read(request, "ostiary_device"))

    def set_device(self, response: Response, device: Device) -> None:
        """Set the device cookie, for a year."""
        self._write(response, "ostiary_device", device.cookie(), _DEVICE_MAX_AGE)

    def trust(self, request: Request) -> str | None:
        """Return the value of the cookie that trust in the device hangs on."""
        value = self._read(request, "ostiary_trust")
        return value if value is not None and len(value) == BODY_LENGTH else None

    def set_trust(self, response: Response, value: str) -> None:
        """Set the cookie that trust hangs on, for a year; how long it counts is stored."""
        self._write(response, "ostiary_trust", value, _DEVICE_MAX_AGE)

    def ticket(self, request: Request) -> str | None:
        """Return the secret of the mailed link that was followed last."""
        return self._read(request, "ostiary_ticket")

    def set_ticket(self, response: Response, token: str) -> None:
        """Keep the secret of a mailed link, until the window is closed."""
        self._write(response, "ostiary_ticket", token, None)

    def clear_ticket(self, response: Response) -> None:
        """Forget a mailed link."""
        self._write(response, "ostiary_ticket", "", 0)

    def returning(self, request: Request) -> str | None:
        """Return the flow to go on with after a mailed link."""
        value = self._read(request, "ostiary_return")
        return value if value is not None and is_flow_id(value) else None

    def set_returning(self, response: Response, flow_id: str) -> None:
        """Note the flow to go on with, for as long as one lives."""
        self._write(response, "ostiary_return", flow_id, LIFETIME)

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def _read(self, request: Request, name: str) -> str | None:
        return read_cookie(request, self._name(name))

    def _write(
        self,
        response: Response,
        name: str,
        value: str,
        max_age: int | None,
        *,
        cross_site: bool = False,
    ) -> None:
        same_site = "None" if cross_site else "Lax"
        cookie = f"{self._name(name)}={value}; Path=/; HttpOnly; SameSite={same_site}"
        if self.secure or cross_site:
            cookie += "; Secure"
        if max_age is not None:
            cookie += f"; Max-Age={max_age}"
        response.append_header("Set-Cookie", cookie)
