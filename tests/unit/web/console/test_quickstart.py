"""The quick start of an application in the console: a program, and what was seen of it."""

from ostiary.advisor.verification import StepId
from ostiary.pages.languages import load_languages
from support.account import application, connect, visit
from support.console import administer, links_of, open_console, text_of

PATH = "/console/applications/notes/quickstart"


async def test_the_program_has_the_applications_own_values(instance, browser) -> None:
    await administer(instance, "project_owner")
    await instance.add(application("notes"))
    page = await open_console(browser, "/console/applications/notes")
    assert PATH in links_of(page)
    page = await visit(browser, PATH)
    assert page.status_code == 200
    assert "https://id.test" in text_of(page)
    assert "Waiting for the first sign-in" in text_of(page)
    assert (await visit(browser, f"{PATH}?stack=flask")).status_code == 200
    assert (await visit(browser, f"{PATH}?stack=nonsense")).status_code == 200


async def test_what_was_seen_is_ticked_off(instance, browser) -> None:
    await administer(instance, "project_owner")
    await instance.add(application("notes"))
    await connect(browser, "notes")
    page = await visit(browser, PATH)
    assert "The application sends people here to sign in seen" in text_of(page)
    assert "It gets tokens seen" in text_of(page)


async def test_ad_01_that_of_an_application_elsewhere_does_not_exist(instance, browser) -> None:
    await administer(instance, "org_owner")
    foreign = application("theirs", organization_id="other", project_id="elsewhere")
    await instance.add(foreign)
    await open_console(browser)
    page = await visit(browser, "/console/applications/theirs/quickstart")
    assert page.status_code == 404


def test_every_step_has_words() -> None:
    for language in load_languages().values():
        assert all(language.has(f"console.step.{one}") for one in StepId)
