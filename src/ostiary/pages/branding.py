"""What pages and mail take over from an organization or an application: the look of it.

Colours reach a page by a style sheet whose address says what is in it, so that nothing
about a page is inline and nothing has to be stored for it.
"""

import re
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from ostiary.admin.organizations import DEFAULT_ID
from ostiary.model.branding import Branding
from ostiary.model.client import Client
from ostiary.model.colours import (
    CARD,
    CARD_DARK,
    ON_ACCENT,
    ON_ACCENT_DARK,
    PAGE,
    READABLE,
    contrast,
    make_readable,
    mix,
)
from ostiary.model.image import APPLICATION, ORGANIZATION, Image
from ostiary.model.organization import Organization, State
from ostiary.pages.views import Brand, Link

STYLES = "/branding"
IMAGES = "/images"
_NONE = "x"
_NAME = re.compile(r"(?:[0-9a-f]{6}|x)(?:-(?:[0-9a-f]{6}|x)){3}")
_COLOURS = ("accent", "accent_dark", "background", "background_dark")
_LINKS = ("support_uri", "privacy_uri", "terms_uri")
# How much of the accent is in the areas that are tinted with it; the first that stays readable.
_TINTS = (0.1, 0.06, 0.03, 0.0)
_STRONGER = 0.25


class Images(Protocol):
    """The logos that there are."""

    async def image(self, owner: str) -> Image | None:
        """Return the logo of an owner, without its content."""
        ...


class Owners(Images, Protocol):
    """Whose pages can be, and their logos."""

    async def organization(self, organization_id: str) -> Organization | None:
        """Return the organization, whatever its state."""
        ...


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Colours that go with an accent, on a light or a dark card."""

    accent: str
    accent_strong: str
    on_accent: str
    tint: str


def palette_of(accent: str, *, dark: bool = False) -> Palette:
    """Return the colours that go with an accent, all of them readable where they stand.

    An accent that is not readable on the card is replaced by the nearest one that is.
    """
    card, end = (CARD_DARK, "#ffffff") if dark else (CARD, "#000000")
    accent = make_readable(accent, card, end)
    tints = (mix(card, accent, share) for share in _TINTS)
    return Palette(
        accent=accent,
        accent_strong=mix(accent, end, _STRONGER),
        on_accent=ON_ACCENT_DARK if dark else ON_ACCENT,
        tint=next(tint for tint in tints if contrast(accent, tint) >= READABLE),
    )


def overlay(below: Branding, above: Branding) -> Branding:
    """Return a branding with what another one says put over it."""
    said = {
        name: value
        for name in below.__struct_fields__
        if (value := getattr(above, name)) not in (None, {})
    }
    return msgspec.structs.replace(below, **said)


def style_url(branding: Branding) -> str | None:
    """Return where the style sheet of a branding is, or None where it has no colours."""
    colours = [getattr(branding, name) for name in _COLOURS]
    if not any(colours):
        return None
    return f"{STYLES}/{'-'.join(one[1:] if one else _NONE for one in colours)}.css"


def style_sheet(name: str) -> str | None:
    """Return the style sheet with this name, or None where there can be none."""
    if not _NAME.fullmatch(name):
        return None
    light, dark, page, page_dark = (None if one == _NONE else f"#{one}" for one in name.split("-"))
    dark = dark or light
    shown = _rules(light and palette_of(light), page)
    shown_dark = _rules(dark and palette_of(dark, dark=True), page_dark)
    # Each within its scheme: what is not said for one stays as it is there.
    return "".join(
        f"@media (prefers-color-scheme: {scheme}) {{ :root {{ {rules} }} }}\n"
        for scheme, rules in (("light", shown), ("dark", shown_dark))
    )


def _rules(palette: Palette | str | None, page: str | None) -> str:
    rules = {}
    if isinstance(palette, Palette):
        rules = {
            "--accent": palette.accent,
            "--accent-strong": palette.accent_strong,
            "--on-accent": palette.on_accent,
            "--tint": palette.tint,
        }
    if page is not None:
        rules["--page"] = page
    return " ".join(f"{name}: {value};" for name, value in rules.items())


async def find_brand(
    owners: Owners, organization_id: str | None, client: Client | None, language: str
) -> Brand:
    """Return how a page of an organization looks, in a language.

    A page that is nobody's is that of the application's organization, or else of the one
    that there is from the start.
    """
    if not organization_id and client is not None:
        organization_id = client.organization_id
    organization = await owners.organization(organization_id or DEFAULT_ID)
    if organization is not None and organization.state is State.DELETED:
        organization = None
    return await load_brand(owners, organization, client, language)


async def find_frame_brand(owners: Owners, organization_id: str, language: str) -> Brand:
    """Return how pages look on which text stands on the background, too."""
    organization = await owners.organization(organization_id)
    if organization is None:
        return Brand()
    plain = keep_to_background(organization.branding)
    shown = msgspec.structs.replace(organization, branding=plain)
    return await load_brand(owners, shown, None, language)


def keep_to_background(branding: Branding) -> Branding:
    """Return a branding whose colours are readable on the background of pages, which stays."""
    accent = branding.accent and make_readable(branding.accent, PAGE, "#000000")
    return msgspec.structs.replace(branding, accent=accent, background=None, background_dark=None)


async def load_brand(
    images: Images, organization: Organization | None, client: Client | None, language: str
) -> Brand:
    """Return how a page looks that an application leads to, in a language.

    `organization` is whose sign-in page it is; what the application says counts only where
    that is the organization of the application.
    """
    branding, name = Branding(), ""
    if organization is not None:
        branding, name = organization.branding, organization.name
    own = client is not None and organization is not None
    if own and client is not None and client.organization_id == getattr(organization, "id", None):
        branding = overlay(branding, client.branding)
    said = branding != Branding()
    return Brand(
        name=name if said else "",
        style_url=style_url(branding),
        accent=None if branding.accent is None else palette_of(branding.accent).accent,
        logo_url=await _logo_of(images, organization),
        heading=_in_language(branding.headings, language),
        links=tuple(
            Link(key=key, url=url) for key in _LINKS if (url := getattr(branding, key)) is not None
        ),
        client_logo_url=await _client_logo(images, client),
        client_logo_host=_client_logo_host(client),
    )


async def _logo_of(images: Images, organization: Organization | None) -> str | None:
    if organization is None or organization.branding.logo is None:
        return None
    return _url(await images.image(ORGANIZATION + organization.id), organization.branding.logo)


async def _client_logo(images: Images, client: Client | None) -> str | None:
    if client is None or client.logo_uri is None:
        return None
    return _url(await images.image(APPLICATION + client.client_id), client.logo_uri)


def _url(image: Image | None, source: str) -> str | None:
    """Return where a logo is, unless it is one of another source than is wanted now."""
    if image is None or image.source != source:
        return None
    return f"{IMAGES}/{image.digest}.png"


def digest_of(url: str) -> str:
    """Return the digest of the logo that is at an address of ours."""
    return url.removeprefix(f"{IMAGES}/").removesuffix(".png")


def _client_logo_host(client: Client | None) -> str | None:
    """Return where a logo is from, if that is none of the hosts that the application is at."""
    if client is None or client.logo_uri is None:
        return None
    host = urlsplit(client.logo_uri).netloc
    homes = {urlsplit(uri).netloc for uri in (*client.redirect_uris, client.client_uri or "")}
    return None if host in homes else host


def _in_language(texts: dict[str, str], tag: str) -> str | None:
    """Return the text for a language tag: in it, in its language, in English, or any."""
    wanted = (tag.lower(), tag.partition("-")[0].lower(), "en")
    folded = {key.lower().replace("_", "-"): text for key, text in texts.items()}
    found = next((folded[one] for one in wanted if one in folded), None)
    return found or next(iter(folded.values()), None)
