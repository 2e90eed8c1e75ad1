"""`ostiary app quickstart`, and programs that are written out."""

import pytest

from ostiary.advisor.stacks import STACKS


def test_a_program_is_shown_with_the_values_of_its_application(instance, ostiary):
    instance("app", "create", "--preset", "flask", "--client-id", "shop")
    shown = instance("app", "quickstart", "shop", "--stack", "flask").data
    assert (shown["stack"], shown["program"]) == ("flask", "application.py")
    assert shown["env"]["OIDC_CLIENT_ID"] == "shop"
    assert "OIDC_CLIENT_SECRET" not in shown["env"]
    assert len(shown["env"]["SESSION_SECRET"]) >= 43
    again = instance("app", "quickstart", "shop", "--stack", "flask").data
    assert again["env"]["SESSION_SECRET"] != shown["env"]["SESSION_SECRET"]
    text = ostiary("app", "quickstart", "shop", "--stack", "flask").out
    assert "OIDC_CLIENT_ID=shop" in text
    assert "authorize_redirect" in text


@pytest.mark.parametrize("preset", STACKS)
def test_every_program_is_written_out_ready_to_run(instance, folder, preset):
    made = instance("app", "create", "--preset", preset, "--folder", "program").data
    place = folder / "program"
    assert (place / ".env").stat().st_mode & 0o077 == 0
    assert made["client_id"] in (place / ".env").read_text()
    if made.get("client_secret"):
        assert made["client_secret"] in (place / ".env").read_text()
    assert (place / ".gitignore").read_text() == ".env\n"
    assert (place / STACKS[preset].program).read_text()
    assert (place / "README.md").exists()


def test_nothing_is_overwritten_and_nothing_registered_then(instance, folder):
    (folder / "program").mkdir()
    (folder / "program/mine").touch()
    arguments = ("--preset", "fastapi", "--client-id", "shop", "--folder", "program")
    ran = instance("app", "create", *arguments)
    assert (ran.code, ran.error["code"]) == (4, "conflict")
    assert instance("app", "show", "shop").code == 3
    assert [path.name for path in (folder / "program").iterdir()] == ["mine"]


CONFIDENTIAL = ("--auth-method", "client_secret_basic", "--type", "OIDC_APP_TYPE_WEB")


@pytest.mark.parametrize(
    ("given", "failed"),
    [
        (("--preset", "fastapi", "--folder", "file/program"), (1, "file")),
        (("--preset", "spa", *CONFIDENTIAL, "--folder", "program"), (2, "invalid")),
    ],
)
def test_the_secret_is_shown_where_no_program_can_be_written(
    instance, ostiary, folder, given, failed
):
    (folder / "file").touch()
    ran = instance("app", "create", *given, "--client-id", "shop")
    assert (ran.code, ran.error["code"]) == failed
    assert ran.error["details"]["client_id"] == "shop"
    assert ran.error["details"]["client_secret"].startswith("ost_cs_")
    told = ostiary("app", "create", *given, "--client-id", "blog")
    assert "Registered blog." in told.out
    assert "ost_cs_" in told.out
    assert "is registered, but its program was not written" in told.err


def test_a_stack_that_does_not_fit_is_told_with_those_that_do(instance):
    instance("app", "create", "--preset", "spa", "--client-id", "page")
    ran = instance("app", "quickstart", "page", "--stack", "fastapi")
    assert (ran.code, ran.error["code"]) == (2, "invalid")
    assert "spa" in ran.error["message"]


def test_an_application_that_no_program_fits_is_told(instance):
    metadata = ("--grant-type", "password", "--set", 'legacy={"reason": "The till"}')
    instance("app", "create", "--client-id", "till", "--set", "response_types=[]", *metadata)
    ran = instance("app", "quickstart", "till")
    assert (ran.code, ran.error["code"]) == (3, "not_found")


def test_a_folder_that_cannot_be_is_told_before_anything_is_made(instance):
    ran = instance("app", "create", "--preset", "fastapi", "--folder", "a" * 300)
    assert (ran.code, ran.error["code"]) == (1, "file")
    assert "cannot be written" in ran.error["message"]
    assert instance("app", "list").data == []
