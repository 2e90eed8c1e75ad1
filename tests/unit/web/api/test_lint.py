"""Lint over HTTP: tied to versions, in pages, and in the words of the rules."""

import pytest

from support.management import open_world, problem

RULE = "redirect-uri-loopback"
OWN = "http://localhost/cb"
FINDING = {"rule": RULE, "target": OWN}
PATH = "/applications/t1-mixed/lint"


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def root(world):
    return await world.administrator("instance_owner")


async def test_applications_come_in_pages_with_what_there_is_to_say(world, root):
    first = (await world.call("GET", "/lint", root, organization="t1", limit="1")).json()
    cursor = first["next_cursor"]
    rest = (
        await world.call("GET", "/lint", root, organization="t1", limit="1", cursor=cursor)
    ).json()
    (mixed,), (web,) = first["items"], rest["items"]
    assert (mixed["client_id"], web["client_id"], rest["next_cursor"]) == (
        "t1-mixed",
        "t1-web",
        None,
    )
    (finding,) = mixed["findings"]
    assert finding | FINDING == finding
    assert finding["mend"] == {"redirect_uris": ["https://mixed.test/cb"]}
    assert finding["references"] == ["RFC 9700, 2.1", "RFC 8252, 8.3"]
    assert mixed["nearest"]["rule"] == "web"
    assert mixed["watched_since"] is None


async def test_a_mend_is_tied_to_the_version_that_was_read(world, root):
    read = await world.call("GET", PATH, root)
    problem(await world.call("POST", f"{PATH}/mends", root, FINDING), 428, "precondition_required")
    stale = {"If-Match": '"1"'}
    problem(
        await world.call("POST", f"{PATH}/mends", root, FINDING, stale), 412, "precondition_failed"
    )
    seen = {"If-Match": read.headers["etag"]}
    done = await world.call("POST", f"{PATH}/mends", root, FINDING, seen)
    assert done.status_code == 201, done.text
    mend = done.json()
    undo = f"{PATH}/mends/{mend['id']}/undo"
    problem(await world.call("POST", undo, root, None, seen), 412, "precondition_failed")
    now = {"If-Match": done.headers["etag"]}
    undone = await world.call("POST", undo, root, None, now)
    assert undone.status_code == 200, undone.text
    assert undone.json()["undone_at"] is not None
    shown = await world.call("GET", "/applications/t1-mixed", root)
    assert shown.json()["redirect_uris"] == ["https://mixed.test/cb", OWN]
    assert shown.headers["etag"] == undone.headers["etag"]
    anew = {"If-Match": "*"}
    problem(await world.call("POST", undo, root, None, anew), 409, "conflict")


async def test_a_mend_is_not_sent_again_under_a_key(world, root):
    headers = {"If-Match": "*", "Idempotency-Key": "k" * 20}
    refused = await world.call("POST", f"{PATH}/mends", root, FINDING, headers)
    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.text
    # The one that the instance begins with.
    assert len(await world.store.list_mends("t1-mixed", "~", 0, 9)) == 1


async def test_a_finding_is_accepted_with_its_reason(world, root):
    accepted = await world.call("PUT", PATH, root, FINDING | {"reason": "To develop."})
    assert accepted.status_code == 204, accepted.text
    (finding,) = (await world.call("GET", PATH, root)).json()["findings"]
    assert finding["silenced"] == "To develop."
    await world.call("PUT", PATH, root, FINDING | {"reason": None})
    (finding,) = (await world.call("GET", PATH, root)).json()["findings"]
    assert finding["silenced"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"rule": RULE, "target": OWN}, 400),
        ({"rule": "no-rule", "target": "", "reason": "x"}, 400),
        ({"rule": RULE, "target": OWN, "reason": ""}, 400),
        ({"rule": RULE, "target": "\u0000", "reason": "x"}, 400),
        ({"rule": RULE, "target": "x" * 9000, "reason": "x"}, 404),
        ({"rule": [], "target": OWN, "reason": "x"}, 400),
    ],
)
async def test_what_makes_no_sense_is_refused(world, root, body, status):
    assert (await world.call("PUT", PATH, root, body)).status_code == status
    assert not await world.store.list_silences(("t1-mixed",))


async def test_the_policies_of_an_organization_are_looked_at(world, root):
    told = (await world.call("GET", "/lint/policies", root)).json()
    assert [one["rule"] for one in told["findings"]] == ["policy-mfa"]
    assert told["findings"][0]["mend"] == {"mfa": {"required": "administrators"}}
    own = await world.administrator("org_viewer")
    assert (await world.call("GET", "/organizations/t1/lint", own)).json() == told
    problem(await world.call("GET", "/lint/policies", own), 403, "not_allowed")
    problem(await world.call("GET", "/organizations/t2/lint", own), 404, "not_found")


async def test_who_may_use_legacy_flows_is_listed(world, root):
    body = {
        "project": "t1-shop",
        "client_id": "t1-portal",
        "redirect_uris": ["https://portal.test/cb"],
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "code id_token"],
        "legacy": {"reason": "A portal of 2015.", "until": "2099-12-31"},
    }
    made = await world.call("POST", "/applications", root, body)
    assert made.status_code == 201, made.text
    owner = await world.administrator("project_owner")
    (portal,) = (await world.call("GET", "/lint/legacy", owner)).json()["items"]
    assert (portal["client_id"], portal["uses"]) == ("t1-portal", ["code id_token"])
    assert (portal["until"], portal["in_force"], portal["last_used"]) == ("2099-12-31", True, None)
    other = await world.administrator("org_owner", "t2")
    assert (await world.call("GET", "/lint/legacy", other)).json()["items"] == []
