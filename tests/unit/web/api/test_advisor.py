import json

import msgspec
import pytest

from ostiary.advisor.answers import given_of, walk
from ostiary.advisor.rules import RULES
from ostiary.web.api.resources import advisor

PATH = "/api/v1/advisor"


async def test_questions_and_rules_are_public(world) -> None:
    answer = await world.http.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    document = answer.json()
    assert [one["id"] for one in document["rules"]] == list(RULES)
    assert document["questions"][0]["options"][0]["value"] == "person"
    assert {one["group"] for one in document["flows"]} == {"people", "machines"}


async def test_they_are_sent_once(world) -> None:
    first = await world.http.get(PATH)
    etag = first.headers["etag"]
    again = await world.http.get(PATH, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    other = await world.http.get(PATH, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


async def test_answers_lead_to_the_next_question_and_to_advice(world) -> None:
    asked = await world.http.post(PATH, json={"answers": {"who": "person"}})
    assert asked.status_code == 200
    assert asked.json()["complete"] is False
    assert asked.json()["next"]["id"] == "where"
    done = await world.http.post(
        PATH, json={"answers": {"framework": "fastapi", "purpose": "login"}}
    )
    advice = done.json()["advice"]
    assert done.json()["complete"] is True
    assert advice["rule"] == "web"
    assert advice["settings"]["redirect_uris"] == ["http://localhost:8000/auth"]


async def test_a_token_makes_no_difference(world) -> None:
    answer = await world.http.get(PATH, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"answers": {"who": "everybody"}}, "/answers/who"),
        ({"answers": {"a/b": "x"}}, "/answers"),
        ({"answers": {"who": 1}}, "/answers/who"),
        ({"answers": []}, "/answers"),
        ({}, "/answers"),
        ({"answers": {}, "more": 1}, "/more"),
    ],
)
async def test_wrong_answers_are_told_by_their_place(world, body, pointer) -> None:
    answer = await world.http.post(PATH, json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_what_is_no_json_is_refused(world) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await world.http.post(PATH, content=b"{", headers=headers)
    assert answer.status_code == 400
    answer = await world.http.post(PATH, content=b"answers=1")
    assert answer.status_code == 415


async def test_other_methods_do_not_exist(world) -> None:
    assert (await world.http.delete(PATH)).status_code == 405


@pytest.mark.parametrize("way", list(walk()), ids=lambda way: "-".join(given_of(way).values()))
def test_every_way_is_json(way) -> None:
    made = advisor.answer(given_of(way), "https://id.example")
    read = json.loads(msgspec.json.encode(made))
    assert read["advice"]["settings"]
    assert read["answers"] == given_of(way)
