"""Branding of organizations and applications, and their logos."""

import io
import random

import msgspec
import pytest
from PIL import Image as Picture

from ostiary.admin import clients, logos, organizations
from ostiary.admin.actor import operator, within
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.egress.image_decoder import MAX_OUTPUT
from ostiary.model.branding import Branding
from ostiary.model.colours import CARD, CARD_DARK, PAGE, READABLE, contrast, make_readable
from ostiary.model.event import Source
from ostiary.pages.branding import keep_to_background, overlay, palette_of, style_sheet, style_url


def picture(kind="PNG", size=(40, 20), mode="RGB"):
    content = io.BytesIO()
    Picture.new(mode, size, 80).save(content, kind)
    return content.getvalue()


async def brand(admin, actor, **values):
    request = decode(OrganizationFields, {"branding": values or None})
    return (await organizations.update(admin, actor, "acme", request)).branding


async def test_what_is_given_is_kept_and_null_puts_it_back(admin, actor, acme):
    found = await brand(admin, actor, accent="#2A57C7", headings={"en": "Welcome"})
    assert found == Branding(accent="#2a57c7", headings={"en": "Welcome"})
    found = await brand(admin, actor, accent=None, support_uri="mailto:help@acme.test")
    assert found == Branding(headings={"en": "Welcome"}, support_uri="mailto:help@acme.test")
    assert await brand(admin, actor) == Branding()


@pytest.mark.parametrize(
    ("values", "path", "says"),
    [
        ({"accent": "#ffd400"}, "accent", "4.5 to 1 (WCAG 2.2, 1.4.3)"),
        ({"accent_dark": "#10204a"}, "accent_dark", "4.5 to 1"),
        ({"accent": "red"}, "accent", "#rrggbb"),
        ({"accent": "#123456;}body{"}, "accent", "#rrggbb"),
        ({"background": "url(//evil.test)"}, "background", "#rrggbb"),
        ({"headings": {"en": "Hi\u202e"}}, "headings.en", "U+202E"),
        ({"headings": {"not a tag": "Hi"}}, "headings.not a tag", "language tag"),
        ({"headings": {f"de-x{n:02}": "x" for n in range(21)}}, "headings", "at most 20"),
        ({"support_uri": "javascript:alert(1)"}, "support_uri", "http"),
        ({"support_uri": "mailto:a@b@c.test"}, "support_uri", "one @"),
        ({"logo": "http://acme.test/logo.png"}, "logo", "https"),
        ({"logo": "data:image/png;base64,AAAA"}, "logo", "https"),
    ],
)
async def test_az_24_what_nobody_should_be_shown_is_refused(admin, acme, values, path, says):
    with pytest.raises(Invalid) as caught:
        await brand(admin, operator(acme), **values)
    (problem,) = caught.value.problems
    assert problem.path == f"branding.{path}"
    assert says in problem.message


def test_a_refused_colour_comes_with_one_that_would_do():
    better = make_readable("#ffd400", CARD, "#000000")
    assert contrast("#ffd400", CARD) < READABLE <= contrast(better, CARD)
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("accent", ["#000000", "#ffffff", "#ffd400", "#767676", "#00ff00"])
@pytest.mark.parametrize("dark", [False, True])
def test_all_colours_of_a_palette_are_readable_where_they_stand(accent, dark):
    palette, card = palette_of(accent, dark=dark), CARD_DARK if dark else CARD
    assert contrast(palette.accent, card) >= READABLE
    assert contrast(palette.accent, palette.tint) >= READABLE
    assert contrast(palette.on_accent, palette.accent) >= READABLE
    assert contrast(palette.on_accent, palette.accent_strong) >= READABLE


@pytest.mark.parametrize("accent", ["#767676", "#2a57c7", "#b02a5b", "#7a1f5c"])
def test_where_text_stands_on_the_background_it_is_readable_there(accent):
    """An accent that is just readable on the white card is not on what lies around it."""
    plain = keep_to_background(
        Branding(accent=accent, background="#102030", background_dark="#fff000")
    )
    assert contrast(plain.accent, PAGE) >= READABLE
    assert (plain.background, plain.background_dark) == (None, None)
    assert keep_to_background(Branding()) == Branding()


def test_a_style_sheet_is_what_its_address_says():
    url = style_url(Branding(accent="#2a57c7", background_dark="#101010"))
    assert url == "/branding/2a57c7-x-x-101010.css"
    sheet = style_sheet("2a57c7-x-x-101010")
    light, dark = sheet.splitlines()
    assert light.startswith("@media (prefers-color-scheme: light)")
    assert dark.startswith("@media (prefers-color-scheme: dark)")
    assert "--accent: #2a57c7;" in light
    assert "--page" not in light
    assert "--page: #101010;" in dark
    assert "--page" not in style_sheet("2a57c7-x-f6f1ea-x").splitlines()[1]
    assert style_url(Branding(support_uri="https://acme.test")) is None
    for name in ("", "2a57c7", "2a57c7-x-x-x-x", "2A57C7-x-x-x", "x;}-x-x-x", "2a57c7-x-x-x\n"):
        assert style_sheet(name) is None


def test_an_application_says_what_it_says_over_its_organization():
    below = Branding(accent="#111111", support_uri="https://a.test", headings={"en": "A"})
    above = Branding(accent="#222222", headings={"de": "B"})
    assert overlay(below, above) == Branding(
        accent="#222222", support_uri="https://a.test", headings={"de": "B"}
    )


async def test_a_logo_from_a_file_is_encoded_anew(admin, actor, acme, desk):
    given = picture("JPEG", (2000, 500))
    changed = await logos.upload(admin, actor, acme, given)
    found = await desk.read_image("organization:acme")
    assert changed.branding.logo == found.source
    assert found.content.startswith(b"\x89PNG")
    with Picture.open(io.BytesIO(found.content)) as shown:
        assert shown.size == (512, 128)
    assert (await desk.image_by_digest(found.digest)).content == found.content
    await logos.upload(admin, actor, acme, picture("GIF"))
    again = await desk.read_image("organization:acme")
    assert again.digest != found.digest
    await brand(admin, actor, logo=None)
    assert await desk.read_image("organization:acme") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        picture(size=(5000, 5000), mode="1"),
        picture()[:60],
        b"\x89PNG\r\n\x1a\n" + bytes(1_048_577),
        picture("BMP"),
        picture("TIFF"),
    ],
    ids=["empty", "cut", "svg", "bomb", "half", "large", "bmp", "tiff"],
)
async def test_ad_13_what_is_no_picture_is_refused(admin, actor, acme, desk, content):
    with pytest.raises(Invalid, match="SVG is not taken"):
        await logos.upload(admin, actor, acme, content)
    assert await desk.read_image("organization:acme") is None


async def test_ad_13_what_else_a_file_held_is_gone(admin, actor, acme, desk):
    content = io.BytesIO()
    exif = Picture.Exif()
    exif[0x010E] = "where the photographer lives"
    Picture.new("RGB", (8, 8)).save(content, "JPEG", exif=exif, comment=b"a secret note")
    await logos.upload(admin, actor, acme, content.getvalue())
    stored = (await desk.read_image("organization:acme")).content
    assert b"photographer" not in stored
    assert b"secret" not in stored
    polyglot = picture() + b"<script>alert(document.domain)</script>"
    await logos.upload(admin, actor, acme, polyglot)
    assert b"script" not in (await desk.read_image("organization:acme")).content


async def test_ad_13_what_is_served_is_small(admin, actor, acme, desk):
    noise = io.BytesIO()
    Picture.effect_noise((512, 512), 200).convert("RGB").save(noise, "JPEG", quality=95)
    await logos.upload(admin, actor, acme, noise.getvalue())
    pixels = random.Random(1).randbytes(512 * 192 * 3)
    content = io.BytesIO()
    Picture.frombytes("RGB", (512, 192), pixels).save(content, "PNG")
    await logos.upload(admin, actor, acme, content.getvalue())
    assert len((await desk.read_image("organization:acme")).content) <= MAX_OUTPUT


async def test_ad_01_nobody_puts_a_logo_on_the_pages_of_others(admin, actor, acme, desk):
    theirs = within("user", "x", "globex", Source())
    await organizations.create(admin, actor, OrganizationFields(id="globex"))
    with pytest.raises(NotFound):
        await logos.upload(admin, theirs, acme, picture())
    with pytest.raises(NotFound):
        await brand(admin, theirs, logo="https://globex.test/logo.png")
    assert await desk.read_image(f"organization:{acme}") is None
    assert await desk.list_messages("logo", 0, 10, failed=False) == ()


async def test_a_logo_from_a_file_can_be_sent_back_as_it_was_read(admin, actor, acme, desk):
    await logos.upload(admin, actor, acme, picture())
    kept = (await desk.read_organization(acme)).branding
    found = await brand(admin, actor, logo=kept.logo, accent="#2a57c7")
    assert found == msgspec.structs.replace(kept, accent="#2a57c7")
    assert await desk.read_image(f"organization:{acme}") is not None
    with pytest.raises(Invalid):
        await brand(admin, actor, logo="sha256:" + "0" * 64)


async def test_logos_at_addresses_are_left_to_a_job(admin, actor, acme, desk):
    await brand(admin, actor, logo="https://acme.test/logo.png")
    made = await clients.create(
        admin,
        actor,
        "shop",
        ClientMetadata(
            client_id="web",
            redirect_uris=("https://shop.test/cb",),
            logo_uri="https://shop.test/logo.png",
        ),
    )
    waiting = await desk.claim_messages(desk.now(), 10, 60)
    assert [one.payload for one in waiting] == [
        {"owner": "organization:acme", "source": "https://acme.test/logo.png"},
        {"owner": "application:web", "source": "https://shop.test/logo.png"},
    ]
    # The same again asks for nothing.
    await brand(admin, actor, logo="https://acme.test/logo.png")
    request = ClientMetadata(logo_uri="https://shop.test/logo.png")
    await clients.update(admin, actor, made.client.client_id, request)
    assert await desk.claim_messages(desk.now(), 10, 60) == ()


async def test_an_application_has_a_branding_of_its_own(admin, actor, acme):
    metadata = decode(
        ClientMetadata,
        {
            "client_id": "web",
            "redirect_uris": ["https://shop.test/cb"],
            "branding": {"accent": "#7a1f5c"},
        },
    )
    made = await clients.create(admin, actor, "shop", metadata)
    assert made.client.branding == Branding(accent="#7a1f5c")
    kept = await clients.update(admin, actor, "web", ClientMetadata(client_name="Web"))
    assert kept.client.branding == Branding(accent="#7a1f5c")
    wrong = decode(ClientMetadata, {"branding": {"logo": "https://shop.test/l.png"}})
    with pytest.raises(Invalid, match="logo_uri"):
        await clients.update(admin, actor, "web", wrong)
    gone = await clients.update(admin, actor, "web", decode(ClientMetadata, {"branding": None}))
    assert msgspec.to_builtins(gone.client.branding) == {}
