"""The HTML part of every mail in a real Chromium: by axe, narrow, light and dark, each language.

There is no script in a mail, and nothing is fetched for it. What WCAG asks of pages counts for
mails as well; landmarks and headings are advice for pages alone.
"""

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe

from ostiary.pages.languages import load_languages
from ostiary.pages.mail.render import Filling, list_templates, word
from support.chromium import chromium

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FILLING = Filling(
    site="login.a-rather-long-name-of-a-site.example.com",
    name="Aleksandra-Maria Featherstonehaugh-Cholmondeley",
    organization="ACME and its subsidiaries",
    values={
        "login": "aleksandra-maria.featherstonehaugh@acme.example.com",
        "address": "somebody-with-a-long-name@another-place.example.com",
        "time": "2026-11-21 10:00 UTC",
        "ip": "2001:db8:85a3:8d3:1319:8a2e:370:7348",
        "device": "Firefox, Linux",
        "factor": "passkey",
    },
    link=f"https://login.example.com/login/reset?ticket=ost_rc_{'x' * 43}_1a2b3c",
    code="012345",
    duration=900,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


@pytest.mark.parametrize("language", sorted(load_languages()))
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_mail_is_readable(browser, scheme, language) -> None:
    page = await browser.new_page(
        viewport={"width": 320, "height": 640}, color_scheme=scheme, offline=True
    )
    for template in sorted(list_templates()):
        html = word(template, FILLING, load_languages()[language]).html
        assert "<script" not in html
        await page.set_content(html)
        found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
        assert found.violations_count == 0, (template, found.generate_report())
        spill = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert spill <= 0, template
    await page.close()
