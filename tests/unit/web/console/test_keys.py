"""The page of signing keys: the life of each as a picture, and the same in words."""

import re

from ostiary.admin import keys
from ostiary.model.key import KeyState
from ostiary.web.api.resources.keys import make_admin
from support.account import visit
from support.console import administer, open_console, text_of

DAY = 86_400


def words_of(page) -> list[list[str]]:
    """Return the rows of the picture's words."""
    (table,) = re.findall(r"<figure.*?<table>(.*?)</table>", page.text, re.DOTALL)
    rows = [re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL) for row in table.split("</tr>")]
    return [
        [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in rows[1:] if row
    ]


async def test_what_a_key_was_and_will_be(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await keys.advance(make_admin(instance.idp))
    for key in await instance.store.read_signing_keys():
        assert key.state is KeyState.ACTIVE
    page = await open_console(browser, "/console/keys")
    assert "The life of each key" in text_of(page)
    assert page.text.count('class="phase-active planned"') == 2
    first, second = words_of(page)
    assert first[0].startswith("ES256")
    assert second[0].startswith("RS256")
    # It verifies only, and is gone, when the schedule says so.
    assert first[4].endswith("planned")
    assert first[5].endswith("planned")


async def test_a_new_key_waits_beside_the_one_that_signs(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await open_console(browser)
    made = await keys.rotate(make_admin(instance.idp), keys.SYSTEM, "ES256")
    page = await visit(browser, "/console/keys")
    rows = {row[0]: row for row in words_of(page)}
    new = rows[f"ES256 {made[0].kid}"]
    assert new[3].endswith("planned")
    assert not new[5].endswith("planned")
    instance.clock.time += DAY
    await keys.advance(make_admin(instance.idp))
    later = await open_console(browser, "/console/keys")
    rows = {row[0]: row for row in words_of(later)}
    assert not rows[f"ES256 {made[0].kid}"][3].endswith("planned")


async def test_a_revoked_key_is_crossed_out(instance, browser) -> None:
    await administer(instance, "instance_owner")
    await open_console(browser)
    (key,) = [one for one in await instance.store.read_signing_keys() if one.alg == "ES256"]
    await keys.revoke(make_admin(instance.idp), keys.SYSTEM, key.kid)
    page = await visit(browser, "/console/keys")
    assert page.text.count('class="cross"') == 1
    (row,) = [row for row in words_of(page) if row[0] == f"ES256 {key.kid}"]
    assert row[5].endswith("revoked")
    assert len(page.content) < 60 * 1024
