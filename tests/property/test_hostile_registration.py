"""Whatever an application says about itself: it is refused with a reason, or stored as told."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.admin.registration_names import ACCEPTED, SPECIFIED
from ostiary.model.client import Client
from ostiary.oauth.metadata import REGISTER
from support.instance import Instance, open_instance
from support.jose import encryption_jwk, make_key
from support.site import call

KEY = make_key("ES256", 3).public_jwk
ERRORS = {
    *("invalid_redirect_uri", "invalid_client_metadata", "invalid_request"),
    *("invalid_software_statement", "unapproved_software_statement"),
}
GOOD = {
    "redirect_uris": ["https://rp.test/cb", "com.example.app:/cb", "http://127.0.0.1/cb"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "client_name": "Shop",
    "client_name#de": "Laden",
    "tos_uri#de-CH": "https://rp.test/agb",
    "scope": "openid email",
    "jwks": {"keys": [KEY, encryption_jwk("P-256")]},
    "application_type": "native",
    "default_max_age": 60,
    "require_auth_time": True,
    "id_token_signed_response_alg": "ES256",
    "id_token_encrypted_response_alg": "ECDH-ES",
    "id_token_encrypted_response_enc": "A256GCM",
    "userinfo_signed_response_alg": "ES256",
    "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
    "subject_type": "pairwise",
    "contacts": ["ops@rp.test"],
}
names = st.one_of(
    st.sampled_from(sorted(GOOD)),
    st.sampled_from([name for names in SPECIFIED.values() for name in names]),
    st.sampled_from(["client_name#", "logo_uri#de", "#de", "client_id", "software_statement"]),
    st.sampled_from(sorted(Client.__struct_fields__)),
    st.text(max_size=8),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["https://rp.test/x", "http://[::1]/", "https://a@b/", "none", "a.b.c", "#"]),
)
values = st.one_of(
    scalars,
    st.sampled_from(list(GOOD.values())),
    st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)
bodies = st.builds(
    lambda left_out, changed: {k: v for k, v in GOOD.items() if k not in left_out} | changed,
    st.sets(st.sampled_from(sorted(GOOD)), max_size=3),
    st.dictionaries(names, values, max_size=2),
)


@contextmanager
def running(folder: Path) -> Iterator[Callable[[dict], None]]:
    """Give a function that registers, replaces with something else, and judges the answers."""
    with asyncio.Runner() as runner:
        opened = open_instance(folder)
        instance = runner.run(opened.__aenter__())
        stored = runner.run(instance.store.read_configuration())
        policy = {"client_registration": {"mode": "open"}}
        runner.run(instance.change(stored, policies=policy))
        numbers = iter(range(10**6))
        try:
            yield lambda one, other: runner.run(judge(instance, next(numbers), one, other))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def judge(instance: Instance, number: int, one: dict, other: dict) -> None:
    ip = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    async def send(method, path, body, token=""):
        raw = json.dumps(body).encode()
        headers = {
            "host": "id.test",
            "content-type": "application/json",
            "content-length": str(len(raw)),
            "authorization": f"Bearer {token}" if token else "",
        }
        return await call(instance.app, method, path, raw=b"", body=raw, headers=headers, ip=ip)

    answer = await send("POST", REGISTER, one)
    told = check(answer, 201)
    if told is None:
        return
    assert len(told["client_id"]) == 36
    token = told["registration_access_token"]
    path = f"{REGISTER}/{told['client_id']}"
    assert check(await send("GET", path, {}, token), 200).items() <= told.items()
    body = {"client_id": told["client_id"], **{k: v for k, v in other.items() if k != "client_id"}}
    replaced = check(await send("PUT", path, body, token), 200)
    now = check(await send("GET", path, {}, token), 200)
    # Refused as a whole, or taken as a whole.
    expected = told if replaced is None else replaced
    assert now.items() <= expected.items()
    client = await instance.store.read_client(told["client_id"])
    assert client.state == "active"
    assert (client.organization_id, client.kind) == ("default", "application")
    assert client.require_consent
    assert set(client.allowed_scopes) <= {"openid", "profile", "email", "phone", "address"} | {
        "offline_access"
    }


def check(answer, good: int) -> dict | None:
    """Hold an answer to what every answer must be; return what a good one says."""
    told = answer.json()
    if answer.status == good:
        named = {name for name in told if "#" not in name}
        ours = {"client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at"}
        ours |= {"registration_access_token", "registration_client_uri"}
        assert named <= ours | set(ACCEPTED)
        return told
    assert answer.status == 400, answer.text
    assert told["error"] in ERRORS
    assert all(" " <= c <= "~" and c not in '"\\' for c in told["error_description"])
    return None


def test_no_metadata_makes_the_server_fail(tmp_path: Path) -> None:
    with running(tmp_path) as register:

        @settings(max_examples=400)
        @given(bodies, bodies)
        def check_all(one: dict, other: dict) -> None:
            register(one, other)

        check_all()
