"""`ostiary lint`, and what becomes of findings."""

import asyncio
import json

import msgspec
import pytest

from ostiary.advisor.lint.finding import Found
from ostiary.advisor.lint.rules import APPLICATION_RULES
from ostiary.cli.sarif import Located, write_sarif
from ostiary.clock import SystemClock
from ostiary.model.sighting import DAY, Sighting, Trait
from ostiary.oauth.effects import Update
from ostiary.pages.languages import DEFAULT, load_languages
from ostiary.pages.lint import RULES, ShownFinding, Words
from ostiary.store import open_store

FAR, ONE, TWO = "https://app.test/cb", "http://localhost/cb", "http://127.0.0.1/cb"
RULE = "redirect-uri-loopback"


@pytest.fixture
def made(instance):
    """An application with two addresses of one's own machine."""
    uris = [word for uri in (FAR, ONE, TWO) for word in ("--redirect-uri", uri)]
    instance("app", "create", "--client-id", "web", "--name", "Web", *uris)
    return instance


def found(ran):
    (report,) = [one for one in ran.data["applications"] if one["client_id"] == "web"]
    return {(one["rule"], one["target"]) for one in report["findings"] if not one["silenced"]}


def test_it_tells_what_could_be_better_and_fails(made, ostiary):
    ran = made("lint")
    assert ran.code == 6
    assert found(ran) == {(RULE, ONE), (RULE, TWO)}
    (finding, _) = ran.data["applications"][0]["findings"]
    assert (finding["severity"], finding["member"]) == ("caution", "redirect_uris")
    assert finding["mend"] == {"redirect_uris": [FAR, TWO]}
    assert [one["rule"] for one in ran.data["policies"]] == ["policy-mfa"]
    assert "Nothing was seen" in ran.answer["warnings"][0]
    shown = ostiary("lint")
    assert shown.code == 6
    assert f"ostiary app mend web {RULE} --target {TWO}" in shown.out
    assert "RFC 9700, 2.1" in shown.out


def test_from_which_severity_on_it_fails_is_a_choice(made):
    assert made("lint", "--fail-on", "danger").code == 0
    assert made("lint", "--fail-on", "never").code == 0
    made("lint", "--fix")
    assert made("lint").code == 0
    assert made("lint", "--fail-on", "note").code == 6
    assert made("lint", "--fail-on", "note", "--application", "web").code == 0


def test_it_mends_whatever_it_can_and_each_mend_can_be_undone(made):
    ran = made("lint", "--fix")
    assert ran.code == 0
    assert found(ran) == set()
    assert made("app", "show", "web").data["redirect_uris"] == [FAR]
    first, second = ran.data["mends"]
    listed = {one["id"] for one in made("app", "mends", "web").data}
    assert listed == {first["id"], second["id"]}
    refused = made("app", "undo-mend", "web", first["id"])
    assert (refused.code, refused.error["code"]) == (4, "conflict")
    for one in (second, first):
        assert made("app", "undo-mend", "web", one["id"]).data["undone_at"] is not None
    assert made("app", "show", "web").data["redirect_uris"] == [FAR, ONE, TWO]
    assert made("app", "undo-mend", "web", first["id"]).code == 4
    assert made("app", "undo-mend", "web", "no-mend").code == 3


def test_a_mend_that_is_refused_stops_no_other_and_is_told(made, monkeypatch):
    rule = APPLICATION_RULES[RULE]

    def find(evidence):
        yield Found(target="/", mend={"redirect_uris": ["no address"]})
        yield from rule.find(evidence)

    monkeypatch.setitem(APPLICATION_RULES, RULE, msgspec.structs.replace(rule, find=find))
    ran = made("lint", "--fix")
    assert found(ran) == {(RULE, "/")}
    assert len(ran.data["mends"]) == 2
    assert f"web was not mended: {RULE}:/: redirect_uris[0]" in ran.answer["warnings"][0]


def test_a_single_finding_is_mended(made):
    mended = made("app", "mend", "web", RULE, "--target", ONE).data
    assert mended["before"] == {"redirect_uris": [FAR, ONE, TWO]}
    assert mended["after"] == {"redirect_uris": [FAR, TWO]}
    assert made("app", "mend", "web", RULE, "--target", ONE).code == 3
    assert made("app", "mend", "nobody", RULE).code == 3


def test_a_finding_is_accepted_until_that_is_withdrawn(made):
    for target in (ONE, TWO):
        done = made("app", "accept", "web", RULE, "--target", target, "--reason", "To develop.")
        assert done.data["reason"] == "To develop."
    ran = made("lint", "--fix")
    assert (ran.code, found(ran)) == (0, set())
    assert made("app", "mends", "web").data == []
    made("app", "accept", "web", RULE, "--target", ONE, "--withdraw")
    assert found(made("lint")) == {(RULE, ONE)}


@pytest.mark.parametrize("options", [(), ("--reason", "Why not.", "--withdraw"), ("--reason", "")])
def test_to_accept_takes_a_reason(made, options):
    assert made("app", "accept", "web", RULE, "--target", ONE, *options).code == 2


def test_it_looks_where_it_is_told_to(made):
    made("org", "create", "--id", "other")
    elsewhere = made("lint", "--organization", "other")
    assert elsewhere.data["applications"] == []
    assert [one["rule"] for one in elsewhere.data["policies"]] == ["policy-mfa"]
    assert found(made("lint", "--project", "default")) == {(RULE, ONE), (RULE, TWO)}
    assert made("lint", "--project", "nowhere").code == 3
    assert made("lint", "--application", "nobody").code == 3
    assert made("lint", "--application", "web", "--project", "default").code == 2


def test_sarif_has_what_its_schema_requires(made, ostiary):
    """SARIF 2.1.0, 3.13 to 3.27: what is required, and what refers to each other."""
    made("app", "accept", "web", RULE, "--target", ONE, "--reason", "To develop.")
    ran = ostiary("lint", "--sarif")
    assert ran.code == 6
    log = json.loads(ran.out)
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert [one["id"] for one in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"note", "warning", "error"}
    accepted, caution, _ = run["results"]
    prints = set()
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"].startswith(
            "https://login.test/api/v1/"
        )
        prints.add(tuple(result["partialFingerprints"].values()))
    assert len(prints) == 3
    assert accepted["suppressions"] == [{"kind": "external", "justification": "To develop."}]
    assert caution["level"] == "warning"
    assert "suppressions" not in caution
    again = json.loads(ostiary("lint", "--sarif").out)
    assert again == log


def test_nothing_in_a_message_of_sarif_is_a_link_or_an_argument():
    """SARIF 2.1.0, 3.11.5 and 3.11.6: an application that registered itself may choose it."""
    evil = "http://127.0.0.1/[sign in](https://evil.test/){0}\\"
    told = dict.fromkeys(("member", "title", "todo"), "x")
    finding = ShownFinding(
        rule=RULE,
        target=evil,
        severity="caution",
        why=evil,
        references=(),
        mend=None,
        silenced=None,
        **told,
    )
    log = write_sarif(
        Words(load_languages()[DEFAULT]),
        "https://login.test",
        [Located(path="/applications/a", finding=finding)],
    )
    (result,) = log["runs"][0]["results"]
    text = result["message"]["text"]
    assert text == r"x. http://127.0.0.1/\[sign in\](https://evil.test/){{0}}\\ x"


def test_what_was_seen_counts(made, folder):
    async def see():
        clock = SystemClock()
        now = clock.now()
        async with await open_store(f"sqlite:///{folder}/ostiary.db", clock) as store:
            client = await store.read_client("web")
            await store.apply((Update(client, {"created_at": now - 99 * DAY}),))
            seen = [
                Sighting(
                    client_id="web",
                    trait=trait,
                    value=value,
                    first_seen_at=now - 99 * DAY,
                    last_seen_at=now - DAY,
                )
                for trait, value in ((Trait.NONCE, "absent"), (Trait.REDIRECT_URI, FAR))
            ]
            await store.note_sightings(seen, now - 99 * DAY)

    asyncio.run(see())
    ran = made("lint")
    assert ran.answer["warnings"] == []
    assert found(ran) == {
        (RULE, ONE),
        (RULE, TWO),
        ("nonce-never-sent", ""),
        ("redirect-uri-unused", ONE),
        ("redirect-uri-unused", TWO),
    }


def test_who_may_use_legacy_flows_is_listed(made, ostiary):
    assert made("app", "legacy").data == []
    made(
        *("app", "create", "--client-id", "portal", "--redirect-uri", FAR),
        *("--set", "grant_types=[authorization_code, implicit]"),
        *("--set", "response_types=[code, code id_token]"),
        *("--set", "legacy={reason: A portal of 2015., until: 2099-12-31}"),
    )
    (portal,) = made("app", "legacy").data
    assert portal["uses"] == ["code id_token"]
    assert (portal["until"], portal["in_force"], portal["last_used"]) == ("2099-12-31", True, None)
    assert "A portal of 2015." in ostiary("app", "legacy").out
