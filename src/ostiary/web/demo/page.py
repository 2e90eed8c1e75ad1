"""The demo's one page."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ostiary.pages.languages import choose_language
from ostiary.pages.render import TEMPLATES, open_templates
from ostiary.pages.views import Brand
from ostiary.playground.claims import MEANINGS, TIMES
from ostiary.web.demo.client import Session

_HERE = Path(__file__).parent


class Row(msgspec.Struct, frozen=True):
    """One claim."""

    name: str
    value: str
    meaning: str = ""


class DemoPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows."""

    site: str
    brand: Brand = Brand()
    username: str
    name: str = ""
    problem: str = ""
    code: str = ""
    header: tuple[Row, ...] = ()
    claims: tuple[Row, ...] = ()
    userinfo: tuple[Row, ...] = ()
    tokens: tuple[Row, ...] = ()
    signed_in: bool = False
    can_refresh: bool = False


class DemoPages:
    """Renders the page within the frame of the provider's own pages."""

    def __init__(self, asset: Callable[[str], str]) -> None:
        """`asset` returns the URL of a static file by its name."""
        self._asset = asset
        self._language = choose_language(("en",))

    def render(self, page: DemoPage) -> bytes:
        """Render the page, as UTF-8."""
        template = open_templates(_HERE, TEMPLATES).get_template("demo.html")
        return template.render(page=page, language=self._language, asset=self._asset).encode()


def list_claims(claims: Mapping[str, Any]) -> tuple[Row, ...]:
    """Lay out claims for people: times as dates, structures as JSON."""
    return tuple(
        Row(name, _show(name, value), MEANINGS.get(name, "")) for name, value in claims.items()
    )


def list_tokens(session: Session) -> tuple[Row, ...]:
    """Tell what came besides the ID token, without the values that open something."""
    kind = "JWT (RFC 9068)" if session.access_token.count(".") == 2 else "opaque"  # noqa: PLR2004
    refresh = "yes, it outlives this browser session" if session.refresh_token else "none"
    return (
        Row("access_token", kind, f"good until {_date(session.expires_at)}"),
        Row("scope", session.scope),
        Row("refresh_token", refresh),
    )


def _show(name: str, value: Any) -> str:
    if name in TIMES and isinstance(value, int):
        return _date(value)
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
