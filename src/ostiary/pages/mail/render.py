"""Wording of mails: from a template and values to a subject, a text and an HTML part."""

import functools
import re
import tomllib
import unicodedata
from importlib import resources
from pathlib import Path

import jinja2
import msgspec

from ostiary.pages.languages import Language
from ostiary.pages.views import Brand

_MAX_VALUE = 100
# What a mail program makes a link of by itself: a dot before a letter, or a scheme.
_DOMAIN_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_])")
_ADDRESS = re.compile(r"[^\s<>@:/]+@[A-Za-z0-9.-]+")
# Values that are addresses, and are shown as such.
_ADDRESSES = frozenset({"address", "old_address", "login"})
_FRAME = "frame"
_ACCENT = "#1d4ed8"
LOGO = "logo"
"""What the HTML part of a mail calls the logo that comes with it (RFC 2392)."""


class Wording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of one mail in one language, with placeholders."""

    subject: str
    text: tuple[str, ...]
    action: str = ""
    after: tuple[str, ...] = ()
    code: bool = False


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands around every mail in one language."""

    greeting: str
    greeting_nameless: str
    code: str
    closing: str
    # What ways to sign in are called, by their names in policies.
    factors: dict[str, str]


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail is filled in with. `values` may come from strangers; nothing else does.

    `duration` is how long link and code are good, in seconds.
    """

    site: str
    name: str = ""
    organization: str = ""
    values: dict[str, str] = {}
    link: str = ""
    code: str = ""
    duration: int = 0
    # How the organization's mail looks; the logo comes with the mail itself.
    brand: Brand = Brand()


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in words."""

    subject: str
    text: str
    html: str


class UnknownTemplate(Exception):
    """There is no such mail."""


def harmless(text: str, *, address: bool = False) -> str:
    """Return foreign text that no mail program makes a link of, on one line, and cut."""
    plain = "".join(" " if c.isspace() else c for c in text)
    plain = "".join(c for c in plain if unicodedata.category(c)[0] != "C")[:_MAX_VALUE]
    if address and _ADDRESS.fullmatch(plain):
        return plain
    return _DOMAIN_DOT.sub(". ", plain.replace("://", " ")).replace("@", " @ ")


def word(template: str, filling: Filling, language: Language) -> Worded:
    """Word a mail in a language.

    Raises:
        UnknownTemplate: there is no such mail.
        KeyError: the template wants a value that is not given.
    """
    wording, frame = find_wording(template, language.tag), find_frame(language.tag)
    values = {
        key: harmless(value, address=key in _ADDRESSES) for key, value in filling.values.items()
    }
    if "factor" in values:
        values["factor"] = frame.factors.get(values["factor"], values["factor"])
    values |= {
        "site": filling.site,
        "organization": harmless(filling.organization),
        "duration": str(language.duration(filling.duration)),
    }
    name = harmless(filling.name)
    greeting = frame.greeting.format(name=name) if name else frame.greeting_nameless
    subject = wording.subject.format_map(values)
    parts = {
        "language": language,
        "subject": subject,
        "greeting": greeting,
        "text": [one.format_map(values) for one in wording.text],
        "action": wording.action.format_map(values),
        "link": filling.link if wording.action else "",
        "code_label": frame.code,
        "code": filling.code if wording.code else "",
        "after": [one.format_map(values) for one in wording.after],
        "closing": frame.closing.format_map(values),
        "owner": harmless(filling.brand.name),
        "accent": filling.brand.accent or _ACCENT,
        "logo": f"cid:{LOGO}" if filling.brand.logo_url else "",
        "links": [(language.text(f"brand.{one.key}"), one.url) for one in filling.brand.links],
    }
    return Worded(
        subject=subject,
        text=_environment().get_template("mail.txt").render(parts),
        html=_environment().get_template("mail.html").render(parts),
    )


def find_wording(template: str, tag: str) -> Wording:
    """Return the texts of a mail in a language, or in English where it has none.

    Raises:
        UnknownTemplate: there is no such mail.
    """
    if template == _FRAME or template not in list_templates():
        raise UnknownTemplate(template)
    texts = _read(template)
    return msgspec.convert(texts.get(tag, texts["en"]), Wording)


def find_frame(tag: str) -> Frame:
    """Return what stands around every mail in a language."""
    texts = _read(_FRAME)
    return msgspec.convert(texts.get(tag, texts["en"]), Frame)


@functools.cache
def list_templates() -> frozenset[str]:
    """Return the names of all mails."""
    files = resources.files(__package__).iterdir()
    stems = {file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")}
    return frozenset(stems - {_FRAME})


@functools.cache
def _read(template: str) -> dict[str, object]:
    file = resources.files(__package__).joinpath(f"{template}.toml")
    return tomllib.loads(file.read_text("utf-8"))


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=jinja2.select_autoescape(("html",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
