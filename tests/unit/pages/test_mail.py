"""Mails in every language: complete, harmless, and readable as text and as HTML."""

from html.parser import HTMLParser
from string import Formatter

import msgspec
import pytest

from ostiary.identity.notices import describe_device
from ostiary.pages.languages import load_languages
from ostiary.pages.mail.render import (
    Filling,
    UnknownTemplate,
    find_frame,
    find_wording,
    harmless,
    list_templates,
    word,
)

LANGUAGES = load_languages()
TEMPLATES = sorted(list_templates())
FILLING = Filling(
    site="id.test",
    name="Alice Adams",
    organization="ACME",
    values={
        "login": "alice",
        "address": "alice@new.test",
        "time": "2026-11-21 10:00 UTC",
        "ip": "192.0.2.1",
        "device": "Firefox, Linux",
        "factor": "passkey",
    },
    link="https://id.test/login/reset?ticket=ost_rc_x",
    code="012345",
    duration=900,
)


class Reader(HTMLParser):
    """Reads tags and links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
@pytest.mark.parametrize("template", TEMPLATES)
class TestTemplate:
    """One mail in one language."""

    def test_it_is_worded_in_text_and_html_alike(self, template, tag):
        wording = find_wording(template, tag)
        mail = word(template, FILLING, LANGUAGES[tag])
        assert "id.test" in mail.subject
        assert "\n" not in mail.subject
        assert (FILLING.link in mail.text) is bool(wording.action)
        assert (FILLING.code in mail.text) is wording.code
        assert (FILLING.code in mail.html) is wording.code
        assert f'<html lang="{tag}"' in mail.html
        reader = Reader(mail.html)
        assert set(reader.links) == ({FILLING.link} if wording.action else set())
        assert not {"img", "script", "link", "iframe", "form"}.intersection(reader.tags)
        assert max(map(len, mail.text.splitlines())) < 900

    def test_it_says_in_each_language_what_it_says_in_english(self, template, tag):
        assert shape(find_wording(template, tag)) == shape(find_wording(template, "en"))


def shape(wording) -> tuple:
    texts = [wording.subject, *wording.text, wording.action, *wording.after]
    names = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    return names, bool(wording.action), wording.code, len(wording.text), len(wording.after)


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_the_frame_is_there_in_every_language(tag):
    frame, english = find_frame(tag), find_frame("en")
    assert set(frame.factors) == set(english.factors)
    assert tag == "en" or frame.closing != english.closing


def test_what_no_language_has_is_english():
    assert find_wording("test", "tlh") == find_wording("test", "en")


@pytest.mark.parametrize("name", ["frame", "nothing", "../frame", ""])
def test_an_unknown_mail_is_an_error(name):
    with pytest.raises(UnknownTemplate):
        find_wording(name, "en")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Alice Adams", "Alice Adams"),
        ("J.R. Smith", "J. R. Smith"),
        ("Dr. Müller", "Dr. Müller"),
        ("evil.test", "evil. test"),
        ("http://evil.test/x", "http evil. test/x"),
        ("me@evil.test", "me @ evil. test"),
        ("a\r\nBcc: x", "a  Bcc: x"),
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("x" * 300, "x" * 100),
        ("192.0.2.1", "192.0.2.1"),
        ("version 1.2", "version 1.2"),
        ("{site} {0} %s", "{site} {0} %s"),
    ],
)
def test_rc_08_what_strangers_wrote_is_no_link(given, shown):
    assert harmless(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("alice@acme.test", "alice@acme.test"),
        ("alice", "alice"),
        ("evil.test/alice@acme.test", "evil. test/alice @ acme. test"),
        ("x alice@acme.test", "x alice @ acme. test"),
    ],
)
def test_an_address_stays_one(given, shown):
    assert harmless(given, address=True) == shown


def test_rc_08_no_value_is_a_placeholder_or_markup():
    hostile = "<b>{link}{0.__class__}</b>"
    filling = msgspec.structs.replace(
        FILLING, name=hostile, organization=hostile, values=dict.fromkeys(FILLING.values, hostile)
    )
    for template in TEMPLATES:
        mail = word(template, filling, LANGUAGES["en"])
        assert "<b>" not in mail.html
        if find_wording(template, "en").action:
            assert mail.text.count(FILLING.link) == 1


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("see http://evil.test <script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_told_in_words_of_our_own(agent, device):
    assert describe_device(agent) == device
