"""What all operations have in common: bodies, queries, problems, methods, conditions."""

import msgspec
import pytest

from ostiary.web.api.body import MAX_BODY
from support.management import problem


class TestBodies:
    async def test_members_that_do_not_exist_are_refused_by_name(self, world, root):
        answer = await world.call("POST", "/organizations", root, {"id": "x", "nmae": "X"})
        assert problem(answer, 400, "invalid")["errors"] == [
            {"pointer": "/nmae", "detail": "is not a key that exists here; did you mean name?"}
        ]

    async def test_every_problem_is_told_with_its_place(self, world, root):
        body = {
            "organization": "t1",
            "username": "x",
            "email": {"address": "no", "verified": "yes"},
            "profile": {"locale": 7},
        }
        found = problem(await world.call("POST", "/users", root, body), 400, "invalid")
        assert {one["pointer"] for one in found["errors"]} == {
            "/email/verified",
            "/profile/locale",
        }
        body = {"domains": ["ok.test", "NO", "a/b~c"]}
        answer = await world.call("PATCH", "/organizations/t1", root, body, {"If-Match": "*"})
        assert [one["pointer"] for one in problem(answer, 400, "invalid")["errors"]] == [
            "/domains/1",
            "/domains/2",
        ]

    @pytest.mark.parametrize(
        ("method", "path", "body", "member"),
        [
            ("PATCH", "/organizations/t1", {"id": "t2"}, "/id"),
            ("PATCH", "/projects/t1-shop", {"organization": "t2"}, "/organization"),
            ("PATCH", "/projects/t1-shop", {"id": "t2-shop"}, "/id"),
            ("PATCH", "/applications/t1-web", {"client_id": "t2-web"}, "/client_id"),
            ("PATCH", "/apis/t1-api", {"project": "t2-shop"}, "/project"),
            ("PATCH", "/service-accounts/t1-robot", {"id": "t2-robot"}, "/id"),
        ],
    )
    async def test_ad_02_ids_in_the_body_do_not_change_what_is_meant(
        self, world, method, path, body, member
    ):
        owner = await world.administrator("org_owner")
        answer = await world.call(method, path, owner, body, {"If-Match": "*"})
        assert [one["pointer"] for one in problem(answer, 400, "invalid")["errors"]] == [member]

    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (b'{"id": "x", "id": "y"}', 400, "invalid_request"),
            (b'{"id": "x"', 400, "invalid_request"),
            (b'["id"]', 400, "invalid"),
            (b'"id"', 400, "invalid"),
            (b"null", 400, "invalid"),
            (b"[" * 100_000, 400, "invalid_request"),
            (b'{"id": 1e999999}', 400, "invalid_request"),
            (b'{"id": ' + b"9" * 10_000 + b"}", 400, "invalid_request"),
            (b'{"id": "\\ud800"}', 400, "invalid_request"),
            (b'{"id": "\\u0000"}', 400, "invalid_request"),
            (b'{"id": NaN}', 400, "invalid_request"),
            (b"\xff\xfe", 400, "invalid_request"),
            (b'{"__proto__": {}}', 400, "invalid"),
            (b"a" * (MAX_BODY + 1), 413, "too_large"),
        ],
    )
    async def test_do_03_hostile_json(self, world, root, content, status, code):
        headers = {"Authorization": f"Bearer {root}", "Content-Type": "application/json"}
        answer = await world.http.post("/api/v1/organizations", content=content, headers=headers)
        problem(answer, status, code)

    @pytest.mark.parametrize(
        "media_type",
        [
            None,
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "multipart/form-data; boundary=x",
        ],
    )
    async def test_ad_16_only_json_is_taken(self, world, root, media_type):
        headers = {"Authorization": f"Bearer {root}"}
        if media_type is not None:
            headers["Content-Type"] = media_type
        answer = await world.http.post(
            "/api/v1/organizations", content=b'{"id": "x"}', headers=headers
        )
        problem(answer, 415, "unsupported_media_type")

    async def test_a_body_where_none_belongs(self, world, root):
        answer = await world.call("GET", "/organizations", root, {"id": "x"})
        problem(answer, 400, "invalid_request")


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("nothing=1", "nothing"),
            ("organisation=t1", "organisation"),
            ("organization=t1&organization=t2", "organization"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("limit=1e2", "limit"),
            ("limit=٣", "limit"),
            ("limit=", "limit"),
            ("cursor=nonsense", "cursor"),
            ("cursor=%00", "cursor"),
            ("organization=%00", "organization"),
            ("organization=" + "x" * 2000, "organization"),
        ],
    )
    async def test_what_does_not_exist_is_refused_by_name(self, world, root, query, name):
        headers = {"Authorization": f"Bearer {root}"}
        answer = await world.http.get(f"/api/v1/users?{query}", headers=headers)
        (error,) = problem(answer, 400, "invalid")["errors"]
        assert error["parameter"] == name

    async def test_a_list_that_needs_to_know_whose(self, world, root):
        answer = await world.call("GET", "/sessions", root)
        (error,) = problem(answer, 400, "invalid")["errors"]
        assert error == {"parameter": "user", "detail": "is missing"}

    async def test_sorting_is_by_what_is_allowed(self, world, root):
        answer = await world.call("GET", "/events", root, sort="actor_id; DROP TABLE users")
        (error,) = problem(answer, 400, "invalid")["errors"]
        assert error["parameter"] == "sort"

    async def test_ad_11_values_are_values(self, world, root):
        for text in ("' OR 1=1 --", '"; DROP TABLE users; --', "%' AND '1'='1", "1) UNION SELECT"):
            answer = await world.call("GET", "/users", root, login_name=text, organization="t1")
            assert (answer.status_code, answer.json()["items"]) == (200, [])
            answer = await world.call("GET", "/users", root, organization=text)
            problem(answer, 404, "not_found")
            answer = await world.call("GET", f"/users/{text}", root)
            problem(answer, 404, "not_found")


class TestMethodsAndPaths:
    async def test_other_methods_are_told_which_there_are(self, world, root):
        answer = await world.call("PUT", "/organizations", root, {})
        problem(answer, 405, "method_not_allowed")
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}

    async def test_head_is_get_without_the_body(self, world, root):
        got = await world.call("GET", "/organizations/t1", root)
        head = await world.call("HEAD", "/organizations/t1", root)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == got.headers["etag"]
        assert head.headers["content-length"] == str(len(got.content))
        answer = await world.call("HEAD", "/organizations/t1", None)
        assert answer.status_code == 401

    async def test_options_tells_methods_and_allows_no_origin(self, world):
        headers = {"Origin": "https://evil.test", "Access-Control-Request-Method": "GET"}
        answer = await world.call("OPTIONS", "/organizations", None, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["allow"] == "GET, HEAD, POST"
        assert not any(name.startswith("access-control") for name in answer.headers)

    async def test_ad_17_no_origin_reads_an_answer(self, world, root):
        for origin in ("https://evil.test", "null", "https://app.test"):
            answer = await world.call("GET", "/organizations", root, headers={"Origin": origin})
            assert not any(name.startswith("access-control") for name in answer.headers)

    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/nothing",
            "/api/v1/",
            "/api/v1/organizations/",
            "/api/v1/Organizations",
            "/api/v1//organizations",
            "/api/v1/organizations/t1/../t2",
            "/api/v1/organizations;x=1",
        ],
    )
    async def test_ad_12_a_path_has_one_spelling(self, world, root, path):
        answer = await world.http.get(path, headers={"Authorization": f"Bearer {root}"})
        assert answer.status_code in {404, 200}
        if answer.status_code == 200:
            # The client of this test has tidied the path up itself.
            assert answer.request.url.path == "/api/v1/organizations/t2"
        else:
            problem(answer, 404, "not_found")

    @pytest.mark.parametrize("key", ["%00", "%01", "%E2%80%AE", "%ED%A0%80", "x" * 256, "%FF"])
    async def test_what_cannot_be_an_id_names_nothing(self, world, root, key):
        headers = {"Authorization": f"Bearer {root}"}
        for path in ("users", "organizations", "applications", "sessions", "keys"):
            method = "DELETE" if path == "keys" else "GET"
            url = f"/api/v1/{path}/{key}"
            problem(await world.http.request(method, url, headers=headers), 404, "not_found")

    async def test_ad_16_no_header_overrides_the_method(self, world, root):
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            answer = await world.call("GET", "/organizations/t1", root, headers={name: "DELETE"})
            assert answer.status_code == 200

    async def test_another_host_is_misdirected(self, world, root):
        headers = {"Host": "evil.test"}
        problem(await world.call("GET", "/keys", root, headers=headers), 421, "misdirected")


class TestConditions:
    """Changes name the version that they are about (RFC 9110, 13.1.1; RFC 6585, 3)."""

    async def test_a_change_without_a_version_is_refused(self, world, root):
        answer = await world.call("PATCH", "/organizations/t1", root, {"name": "New"})
        problem(answer, 428, "precondition_required")

    async def test_a_change_of_another_version_writes_nothing(self, world, root):
        path = "/organizations/t1"
        first = await world.call("GET", path, root)
        etag = {"If-Match": first.headers["etag"]}
        changed = await world.call("PATCH", path, root, {"name": "One"}, etag)
        assert (changed.status_code, changed.json()["name"]) == (200, "One")
        assert changed.headers["etag"] != first.headers["etag"]
        problem(
            await world.call("PATCH", path, root, {"name": "Two"}, etag),
            412,
            "precondition_failed",
        )
        etag = {"If-Match": changed.headers["etag"]}
        assert (await world.call("PATCH", path, root, {"name": "Two"}, etag)).status_code == 200

    async def test_what_is_so_already_is_done(self, world, root):
        path = "/organizations/t1"
        answer = await world.call("PATCH", path, root, {"name": "T1"}, {"If-Match": '"7"'})
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')

    async def test_a_deletion_may_name_the_version(self, world, root):
        path = "/projects/t1-bare"
        answer = await world.call("DELETE", path, root, headers={"If-Match": '"7"'})
        problem(answer, 412, "precondition_failed")
        assert (await world.call("GET", path, root)).status_code == 200
        answer = await world.call("DELETE", path, root, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.content) == (204, b"")
        problem(await world.call("GET", path, root), 404, "not_found")

    @pytest.mark.parametrize(
        "value", ["1", 'W/"1"', '"1", "2"', '"x"', '"0"', '"' + "9" * 50 + '"']
    )
    async def test_a_version_is_one_etag(self, world, root, value):
        path, body = "/organizations/t1", {"name": "New"}
        answer = await world.call("PATCH", path, root, body, {"If-Match": value})
        (error,) = problem(answer, 400, "invalid")["errors"]
        assert error["header"] == "If-Match"

    async def test_somebody_else_in_between_is_not_overwritten(self, world, root, monkeypatch):
        """The version is compared where it is written, not where it is read."""
        path, store = "/organizations/t1", world.store
        etag = (await world.call("GET", path, root)).headers["etag"]
        read = store.read_organization

        async def read_and_be_overtaken(organization_id):
            found = await read(organization_id)
            monkeypatch.setattr(store, "read_organization", read)
            other = await world.call("PATCH", path, root, {"name": "Other"}, {"If-Match": "*"})
            assert other.status_code == 200
            return found

        monkeypatch.setattr(store, "read_organization", read_and_be_overtaken)
        answer = await world.call("PATCH", path, root, {"name": "Mine"}, {"If-Match": etag})
        problem(answer, 412, "precondition_failed")
        assert (await world.call("GET", path, root)).json()["name"] == "Other"


class TestSecrets:
    async def test_a_secret_is_shown_once(self, world, root):
        body = {"project": "t1-shop", "client_id": "new", "redirect_uris": ["https://new.test/"]}
        made = await world.call("POST", "/applications", root, body)
        secret = made.json()["client_secret"]
        assert secret.startswith("ost_cs_")
        shown = await world.call("GET", "/applications/new", root)
        assert shown.json()["client_secret"] is None
        answer = await world.call("POST", "/applications/new/secrets", root, {"overlap": 60})
        fresh = answer.json()["client_secret"]
        assert fresh != secret
        assert len(answer.json()["client_secrets"]) == 2
        assert (await world.call("DELETE", "/applications/new/secrets", root)).status_code == 204
        shown = await world.call("GET", "/applications/new", root)
        assert len(shown.json()["client_secrets"]) == 1

    async def test_lx_01_no_answer_holds_what_is_kept(self, world, root):
        """Digests, hashes and private halves never leave."""
        for path in (
            "/applications/t1-web",
            "/service-accounts/t1-robot",
            f"/users/{world.ids['t1']['user']}",
            "/keys",
            f"/sessions/{world.ids['t1']['session']}",
            "/applications?organization=t1",
            "/users?organization=t1",
        ):
            answer = await world.call("GET", path, root)
            assert answer.status_code == 200
            for word in ("digest", "hash", "sealed", "tokens_not_before", '"d"', "version"):
                assert f'"{word}"' not in answer.text

    async def test_a_weak_password_is_refused(self, world, root):
        body = {"organization": "t1", "username": "eve", "password": {"plain": "password"}}
        answer = await world.call("POST", "/users", root, body)
        (error,) = problem(answer, 400, "invalid")["errors"]
        assert error["pointer"] == "/password"
        path = f"/users/{world.ids['t1']['user']}/password"
        problem(await world.call("POST", path, root, {"password": "short"}), 400, "invalid")
        made = await world.call("POST", path, root)
        assert len(made.json()["password"]) > 20


async def test_unexpected_failures_are_problems_too(world, root, monkeypatch):
    async def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(world.store, "read_organization", fail)
    answer = await world.call("GET", "/organizations/t1", root)
    found = problem(answer, 500, "internal")
    assert "secret detail" not in msgspec.json.encode(found).decode()
