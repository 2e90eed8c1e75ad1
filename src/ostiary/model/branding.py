"""How an organization, or an application, looks on the pages of a sign-in."""

import msgspec


class Branding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is one's own about the pages; what is None or empty stays as it is elsewhere.

    Colours are `#rrggbb`. `headings` are the headings of the sign-in page by language.
    """

    # Where the logo comes from: an https address, or the digest of what was given with it.
    logo: str | None = None
    accent: str | None = None
    accent_dark: str | None = None
    background: str | None = None
    background_dark: str | None = None
    headings: dict[str, str] = {}
    support_uri: str | None = None
    privacy_uri: str | None = None
    terms_uri: str | None = None
