"""The flow advisor over every combination of answers: nothing is left without good advice."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ostiary.admin import clients, organizations, projects, service_accounts
from ostiary.admin.actor import operator
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.advisor import registration
from ostiary.advisor.advice import advise, example, matching, outcomes
from ostiary.advisor.answers import FRAMEWORK, Refused, given_of, settle, walk
from ostiary.advisor.capabilities import missing
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.lint.evidence import Evidence
from ostiary.advisor.lint.likeness import liken
from ostiary.advisor.lint.rules import examine
from ostiary.advisor.questions import MOST, QUESTIONS
from ostiary.advisor.registration import Inputs
from ostiary.advisor.rule import Door
from ostiary.advisor.rules import RULES
from ostiary.clock import SystemClock
from ostiary.model.policy import Policies
from ostiary.pages.advisor import Speaker
from ostiary.pages.languages import load_languages
from ostiary.store import open_store
from support.desk import Desk
from support.jose import make_key
from support.proofs import missing as unproven

WAYS = list(walk())
ISSUER = "https://id.example"
KEY = make_key("ES256").public_jwk


def name_of(way: dict[str, str]) -> str:
    return "-".join(given_of(way).values())


def asked_on(way: dict[str, str]) -> list[str]:
    """Follow a way question by question, as somebody would who answers; return what was asked."""
    given: dict[str, str] = {}
    asked = []
    while (question := settle(given).next) is not None:
        asked.append(question.id)
        given[question.id] = way[question.id]
    return asked


def test_s2_01_there_are_enough_ways_to_be_worth_the_name() -> None:
    assert len(WAYS) > 100
    assert {matching(way)[0].id for way in WAYS} == set(RULES)


@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_s4_02_every_way_ends_in_one_advice(way: dict[str, str]) -> None:
    assert len(matching(way)) == 1
    standing = settle(given_of(way))
    assert standing.next is None
    assert standing.known == way
    advice = advise(way)
    assert advice.reasons
    assert advice.warnings
    assert advice.sources
    # What is advised works now, also where what fits best does not exist yet.
    assert not missing(advice.now.needs)
    assert bool(advice.missing) or advice.now is advice.rule


@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_s0_02_four_questions_at_most_and_no_door_among_them(way: dict[str, str]) -> None:
    asked = asked_on(way)
    assert len(asked) <= MOST
    assert not {"risk", "legacy"}.intersection(asked)


def test_half_of_the_ways_take_three_questions_or_fewer() -> None:
    counts = sorted(len(asked_on(way)) for way in WAYS)
    assert counts[len(counts) // 2] <= 3


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_answers_the_first_questions(framework: str) -> None:
    standing = settle({FRAMEWORK: framework})
    assert standing.next is not None
    assert standing.next.id not in FRAMEWORKS[framework].answers
    for way in walk(dict(FRAMEWORKS[framework].answers)):
        given = {k: v for k, v in given_of(way).items() if k not in FRAMEWORKS[framework].answers}
        assert settle({FRAMEWORK: framework, **given}).known == way


@pytest.fixture
async def desk(tmp_path: Path):
    async with await open_store(f"sqlite:///{tmp_path}/ostiary.db", SystemClock()) as store:
        await store.migrate()
        desk = Desk(store)
        actor = operator("tester")
        await organizations.create(desk.admin, actor, OrganizationFields(id="acme", name="ACME"))
        await projects.create(desk.admin, actor, "acme", ProjectFields(id="shop", name="Shop"))
        yield desk


def fill_in(way: dict[str, str]) -> tuple[Door, dict]:
    """Return what is registered for a way, with what only an owner knows."""
    advice = advise(way)
    values = registration.example(advice)
    inputs = Inputs(
        name="App",
        redirect_uris=tuple(values.get("redirect_uris", ())),
        jwks={"keys": [KEY]} if advice.needs_keys else None,
        legacy={"reason": "a portal of 2015", "until": "2099-12-31"} if advice.now.legacy else None,
    )
    return advice.now.door, registration.complete(advice, inputs)


async def test_every_registration_is_accepted_by_the_server(desk) -> None:
    """By the same operations as everything else that registers, and as it was written."""
    actor = operator("tester")
    for way in WAYS:
        door, values = fill_in(way)
        if door is Door.SERVICE_ACCOUNT:
            made = await service_accounts.create(
                desk.admin, actor, "acme", decode(ServiceAccountFields, values)
            )
            assert made.client.token_endpoint_auth_method == "private_key_jwt"
        else:
            made = await clients.create(desk.admin, actor, "shop", decode(ClientMetadata, values))
            kept = msgspec.json.decode(msgspec.json.encode(made.client))
            for name in set(values) & set(kept) - {"jwks"}:
                assert kept[name] == values[name], (name_of(way), name)
            assert (made.client.public) is (advise(way).now.client == "public")


@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_what_is_legacy_says_so_and_nothing_else_is(way: dict[str, str]) -> None:
    advice = advise(way)
    old = way["legacy"] != "none"
    assert advice.rule.legacy is old
    assert ("legacy" in advice.warnings) is old
    _, values = fill_in(way)
    assert ("legacy" in values) is advice.now.legacy
    if not advice.now.legacy:
        assert values.get("require_pkce") is not False
        assert not {"implicit", "password"}.intersection(values.get("grant_types", ()))
    # Nothing old is advised where much is at stake.
    if way["risk"] == "high":
        assert not old
        assert not any(RULES[one].legacy for one in advice.fallbacks)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_every_rule_that_works_is_driven_by_a_real_client(rule) -> None:
    if missing(rule.needs):
        assert rule.nearest in RULES
        assert rule.proof == ()
        return
    assert rule.proof
    assert all(test.startswith("e2e/") for test in rule.proof)
    assert unproven("<br>".join(f"`{test}`" for test in rule.proof)) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_s0_21_fallbacks_are_in_order_and_lead_somewhere(rule) -> None:
    assert len(set(rule.fallbacks)) == len(rule.fallbacks)
    assert rule.id not in rule.fallbacks
    for fallback in rule.fallbacks:
        assert matching(settle(example(fallback)).known)[0].id == fallback
    # What is current comes before what is old.
    old = [RULES[one].legacy for one in rule.fallbacks]
    assert old == sorted(old)


@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_why_no_other_rule_holds_is_true(way: dict[str, str]) -> None:
    advice = advise(way)
    assert {one.rule for one in advice.not_chosen} == set(RULES) - {advice.rule.id}
    for one in advice.not_chosen:
        assert one.answered == way.get(one.question)
        assert one.answered not in one.wanted
        assert one.wanted


@pytest.mark.parametrize("tag", ["en", "de"])
def test_everything_has_words(tag: str) -> None:
    speaker = Speaker(load_languages()[tag])
    for way in WAYS:
        standing = settle(given_of(way))
        shown = speaker.advice(advise(way), standing, ISSUER)
        assert yaml.safe_load(shown.file) is not None
        assert not re.search(r"[{}]", shown.title + shown.summary)
    for question in QUESTIONS:
        assert speaker.question(question, {"who": "person", "where": "server"}).options
    assert len(speaker.flows()) >= 10


@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_the_file_holds_what_is_advised(way: dict[str, str]) -> None:
    advice = advise(way)
    values = registration.example(advice)
    organization = yaml.safe_load(registration.write_file(advice, values))["organizations"][0]
    if advice.now.door is Door.SERVICE_ACCOUNT:
        (made,) = organization["service_accounts"]
        assert made == {"id": "my-application", **values}
    else:
        (made,) = organization["projects"][0]["applications"]
        assert made == {"client_id": "my-application", **values}


@pytest.mark.parametrize("way", [way for way in WAYS if way["legacy"] == "none"], ids=name_of)
def test_what_an_answer_is_said_to_lead_to_is_where_it_leads(way: dict[str, str]) -> None:
    known: dict[str, str] = {}
    for question, value in way.items():
        known[question] = value
        assert matching(way)[0].id in outcomes(known) or way["risk"] == "high"
    assert outcomes(way) == (matching(way)[0].id,)


ANSWERS = st.dictionaries(
    st.one_of(st.sampled_from([*(one.id for one in QUESTIONS), FRAMEWORK]), st.text(max_size=9)),
    st.one_of(
        st.sampled_from([option.value for one in QUESTIONS for option in one.options]),
        st.sampled_from(list(FRAMEWORKS)),
        st.text(max_size=9),
    ),
    max_size=8,
)


@given(ANSWERS)
def test_any_answers_lead_on_or_are_refused_with_words(answers: dict[str, str]) -> None:
    speaker = Speaker(load_languages()["en"])
    standing, said = None, ()
    try:
        standing = settle(answers)
    except Refused as refused:
        said = speaker.refusal(refused)
    if standing is None:
        assert said
        assert all(said)
    elif standing.next is None:
        advise(standing.known)
    else:
        assert speaker.question(standing.next, standing.known).options


async def test_lint_has_nothing_to_say_about_what_was_advised(desk) -> None:
    """And knows by the registration alone what was advised; here on the day it was made."""
    actor = operator("tester")
    for way in WAYS:
        door, values = fill_in(way)
        if door is Door.SERVICE_ACCOUNT:
            continue
        made = await clients.create(desk.admin, actor, "shop", decode(ClientMetadata, values))
        for watched in (None, desk.now_ - 400 * 86400, desk.now_):
            evidence = Evidence(
                client=made.client,
                policies=Policies(),
                issuer=ISSUER,
                now=desk.now_,
                watched_since=watched,
            )
            assert examine(evidence) == (), name_of(way)
        likeness = liken(evidence)
        assert likeness is not None
        assert likeness.deviations == (), name_of(way)
        assert settle(likeness.answers).next is None
