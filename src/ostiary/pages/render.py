"""Rendering of pages."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from ostiary.pages.languages import Language
from ostiary.pages.views import View

TEMPLATES = Path(__file__).with_name("templates")
"""The folder of those of all pages, with the frame that they share."""


class Pages:
    """The templates, and how to fill them in."""

    def __init__(self, asset: Callable[[str], str]) -> None:
        """`asset` returns the URL of a static file by its name."""
        self._asset = asset

    def render(self, view: View, language: Language) -> bytes:
        """Render a page in a language, as UTF-8."""
        template = open_templates(TEMPLATES).get_template(view.template)
        words = {"language": language, "t": language.text, "s": language.said}
        return template.render(page=view, asset=self._asset, **words).encode()


@cache
def open_templates(*folders: Path) -> jinja2.Environment:
    """Return the templates of some folders; each is compiled once in a process."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["strong"] = _strong
    environment.filters["prose"] = _prose
    return environment


def _strong(name: str) -> Markup:
    """Set off a foreign name, and keep its writing direction to itself."""
    return Markup("<bdi><strong>{}</strong></bdi>").format(name)


def _prose(text: str) -> Markup:
    """Set what stands between backticks as code."""
    plain = text.split("`")
    parts = (
        Markup("<code>{}</code>").format(part) if number % 2 else Markup("{}").format(part)
        for number, part in enumerate(plain)
    )
    return Markup("").join(parts)
