"""`ostiary advise`: asks, answers, explains, and makes what it advises."""

import json
import shlex
from pathlib import Path

import pytest

from ostiary.advisor.advice import advise
from ostiary.advisor.answers import given_of, walk
from ostiary.advisor.rules import RULES
from support.jose import make_key

WEB = "who=person,where=server,purpose=login"


@pytest.fixture
def keys(folder: Path) -> Path:
    path = folder / "keys.json"
    path.write_text(json.dumps({"keys": [make_key("ES256").public_jwk]}))
    return path


def test_no_database_is_needed_to_ask(ostiary) -> None:
    ran = ostiary("advise", "--answers", WEB, "--json")
    assert ran.code == 0
    assert ran.data["complete"] is True
    assert ran.data["advice"]["rule"] == "web"
    assert ran.answer["next_commands"][0].startswith("ostiary advise --answers who=person")


def test_answers_can_be_given_one_by_one(ostiary) -> None:
    options = [f"--answers={one}" for one in WEB.split(",")]
    assert ostiary("advise", *options, "--json").data["advice"]["rule"] == "web"


def test_what_is_left_is_asked_for(ostiary) -> None:
    ran = ostiary("advise", "--answers", "who=person", "--json")
    assert ran.code == 0
    assert ran.data["complete"] is False
    assert ran.data["next"]["id"] == "where"
    server = ran.data["next"]["options"][0]
    assert (server["value"], server["leads_to"]) == ("server", ["Web application"])


def test_questions_by_number_and_by_word(ostiary) -> None:
    ran = ostiary("advise", stdin=b"1\nbrowser\nwhat?\n99\n2\n2\n")
    assert ran.code == 0
    assert ran.out.startswith("Single-page application\n")
    assert "Who signs in?" in ran.err
    assert ran.err.count("Type a number from 1 to 2.") == 2


def test_questions_begin_with_a_framework(ostiary) -> None:
    ran = ostiary("advise", "--json", stdin=b"django\n1\n")
    assert ran.data["answers"] == {"framework": "django", "purpose": "login"}
    assert ran.data["advice"]["settings"]["redirect_uris"] == [
        "http://localhost:8000/oidc/callback/"
    ]


def test_input_that_ends_leaves_the_question(ostiary) -> None:
    ran = ostiary("advise", "--json", stdin=b"nobody\n")
    assert ran.data["next"]["id"] == "credential"


@pytest.mark.parametrize("way", list(walk()), ids=lambda way: "-".join(given_of(way).values()))
def test_every_way_is_told(way, ostiary) -> None:
    pairs = ",".join(f"{name}={value}" for name, value in given_of(way).items())
    ran = ostiary("advise", "--answers", pairs)
    assert ran.code == 0
    assert "At a glance" in ran.out
    assert ("Warning:" in ran.err) is bool(advise(way).missing)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_explained(rule, ostiary) -> None:
    ran = ostiary("advise", "--explain", rule)
    assert ran.code == 0
    assert "Who says so" in ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--answers", "who=everybody"], 2, "is no answer to “who”"),
        (["--answers", "colour=red"], 2, "There is no question “colour”"),
        (["--answers", "who"], 2, "'who' is no answer."),
        (["--answers", "who=person,who=nobody"], 2, "is there twice"),
        (["--answers", "who=nobody,credential=key,purpose=login"], 2, "leave it out"),
        (["--explain", "nativ"], 3, "did you mean native?"),
        (["--answers", "who=person", "--create", "Shop"], 2, "There is a question left"),
    ],
)
def test_what_is_wrong_is_told(arguments, code, word, ostiary) -> None:
    ran = ostiary("advise", *arguments, "--json")
    assert ran.code == code
    assert word in ran.error["message"]


class TestCreate:
    """What it advises is made by the operations of all other commands."""

    def test_a_web_application(self, ostiary, instance) -> None:
        ran = ostiary(
            *("advise", "--answers", WEB, "--create", "Shop", "--json"),
            *("--redirect-uri", "https://shop.test/callback"),
        )
        made = ran.data["application"]
        assert made["client_name"] == "Shop"
        assert made["redirect_uris"] == ["https://shop.test/callback"]
        assert made["access_token_type"] == "OIDC_TOKEN_TYPE_BEARER"
        assert made["require_pkce"] is True
        assert ran.data["env"]["OIDC_CLIENT_SECRET"] == made["client_secret"]
        shown = ostiary(*shlex.split(ran.answer["next_commands"][0])[1:], "--json")
        assert shown.data["client_id"] == made["client_id"]

    def test_a_framework_brings_its_address_and_its_variables(self, ostiary, instance) -> None:
        ran = ostiary(
            *("advise", "--answers", "framework=django,purpose=login", "--create", "Shop"),
        )
        assert ran.code == 0
        assert "OIDC_RP_CLIENT_ID=" in ran.out
        assert "The secret is shown only now." in ran.out

    def test_keys_of_its_own(self, ostiary, instance, keys) -> None:
        ran = ostiary(
            *("advise", "--answers", WEB, "--create", "Shop", "--jwks", keys, "--json"),
            *("--redirect-uri", "https://shop.test/callback"),
        )
        assert ran.data["application"]["token_endpoint_auth_method"] == "private_key_jwt"
        assert "client_secret" not in ran.data["application"]

    def test_a_machine_with_its_key(self, ostiary, instance, keys) -> None:
        answers = ("advise", "--answers", "who=nobody,credential=key", "--create", "Robot")
        refused = ostiary(*answers, "--json")
        assert refused.code == 2
        assert refused.error["message"] == "--jwks is missing."
        made = ostiary(*answers, "--jwks", keys, "--json").data["service_account"]
        assert made["token_endpoint_auth_method"] == "private_key_jwt"

    def test_a_machine_with_a_key_file(self, ostiary, instance, folder) -> None:
        answers = ("advise", "--answers", "who=nobody,credential=file", "--create", "Robot")
        ran = ostiary(*answers, "--key-file", folder / "robot.json", "--json")
        made = ran.data["service_account"]
        file = json.loads((folder / "robot.json").read_text())
        assert file["service_account_id"] == made["id"]
        assert file["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
        assert (folder / "robot.json").stat().st_mode & 0o077 == 0
        assert "PRIVATE" not in ran.out
        # What is there already is not overwritten, and nothing is made.
        again = ostiary(*answers, "--key-file", folder / "robot.json", "--json")
        assert again.code == 4
        assert len(ostiary("service-account", "list", "--json").data) == 1

    def test_a_service_account_has_no_program(self, ostiary, instance) -> None:
        answers = ("advise", "--answers", "who=nobody,credential=file", "--create", "Robot")
        refused = ostiary(*answers, "--folder", "program", "--json")
        assert (refused.code, refused.error["code"]) == (2, "usage")
        assert ostiary("service-account", "list", "--json").data == []

    def test_a_question_that_is_left_is_told_with_its_answers(self, ostiary) -> None:
        refused = ostiary("advise", "--answers", "who=nobody", "--create", "Robot", "--json")
        assert refused.code == 2
        assert "credential=key" in refused.error["hint"]

    def test_what_is_old_needs_a_reason(self, ostiary, instance) -> None:
        answers = (
            *("advise", "--answers", f"{WEB},legacy=hybrid", "--create", "Portal", "--json"),
            *("--redirect-uri", "https://portal.test/callback"),
        )
        refused = ostiary(*answers)
        assert refused.code == 2
        assert refused.error["message"] == "--legacy-reason is missing."
        made = ostiary(
            *answers, "--legacy-reason", "a portal of 2015", "--legacy-until", "2099-12-31"
        ).data["application"]
        assert made["legacy"] == {"reason": "a portal of 2015", "until": "2099-12-31"}

    def test_an_address_is_needed_and_is_checked(self, ostiary, instance) -> None:
        answers = ("advise", "--answers", WEB, "--create", "Shop", "--json")
        assert ostiary(*answers).error["message"] == "--redirect-uri is missing."
        refused = ostiary(*answers, "--redirect-uri", "http://shop.test/callback")
        assert refused.code == 2
        assert "redirect_uris[0]" in refused.error["message"]

    def test_what_waits_is_said_when_the_nearest_is_made(self, ostiary, instance) -> None:
        ran = ostiary(
            *("advise", "--answers", "who=person,where=elsewhere,purpose=login"),
            *("--create", "Till", "--json"),
        )
        assert ran.data["rule"] == "device"
        assert ran.answer["warnings"]
