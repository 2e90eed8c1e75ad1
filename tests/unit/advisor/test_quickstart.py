"""Quick starts: what an application is told, for every stack."""

import subprocess

import msgspec
import pytest

from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.quickstart import (
    File,
    Values,
    fill_in,
    fitting,
    kind_of,
    render,
    values_of,
    write_env,
)
from ostiary.advisor.stacks import STACKS, Kind
from ostiary.model.client import AppType, Client

VALUES = Values(
    issuer="https://login.test",
    client_id="shop",
    client_secret="a-secret",
    redirect_uri="http://localhost:4711/cb",
    scope="openid email",
)
WEB = Client(
    client_id="shop",
    organization_id="acme",
    redirect_uris=("http://localhost:8000/oidc/callback/",),
    grant_types=("authorization_code", "refresh_token"),
    response_types=("code",),
    token_endpoint_auth_method="client_secret_basic",
    allowed_scopes=("openid", "offline_access"),
)


def public(**changes):
    values = {name: getattr(WEB, name) for name in WEB.__struct_fields__ if hasattr(WEB, name)} | {
        "token_endpoint_auth_method": "none",
        "type": AppType.USER_AGENT,
    }
    return Client(**values | changes)


def test_there_is_a_stack_for_every_framework():
    assert list(STACKS) == list(FRAMEWORKS)


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_every_stack_is_filled_in(stack):
    own = [f"own-{number}" for number in range(len(stack.secrets))]
    made = render(stack, VALUES, (File(name=stack.program, content=""),), own)
    assert {VALUES.client_id} <= set(made.env.values())
    assert any(value.startswith(VALUES.issuer) for value in made.env.values())
    assert set(own) <= set(made.env.values())
    assert ("a-secret" in made.env.values()) is (stack.kind in {Kind.WEB, Kind.MACHINE})
    written = "\n".join([made.env_file, *made.install, *made.run])
    assert "{" not in written
    # The program listens where people are sent back to.
    if any("{port}" in one for one in stack.run):
        assert "4711" in made.run[-1]


def test_a_secret_that_nobody_knows_is_named_and_left_out():
    lost = Values(issuer="https://login.test", client_id="shop")
    made = render(STACKS["fastapi"], lost, ())
    assert "OIDC_CLIENT_SECRET" not in made.env
    assert "# OIDC_CLIENT_SECRET: shown when it was made; ostiary app rotate-secret shop" in (
        made.env_file.splitlines()
    )


def test_the_scope_of_an_application_is_told_without_that_of_refresh_tokens():
    assert values_of(WEB, "https://login.test", None).scope == "openid"


HOSTILE = (
    "http://localhost/$(touch pwned)",
    "http://localhost/`touch pwned`",
    "http://localhost/';touch pwned;'",
    "http://localhost/a\ntouch pwned",
    'http://localhost/"&touch pwned&"',
    "http://localhost/a;touch pwned",
    "http://localhost/ touch pwned",
    "http://localhost/\\",
    "http://localhost/#a=b&c",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_means_anything_to_a_shell(value, tmp_path):
    """A redirect URI may come from whoever registers an application by themselves."""
    written = write_env({"A": value, "B": "last"})
    assert len(written.splitlines()) == 2
    (tmp_path / ".env").write_text(written + "\n", encoding="utf-8")
    program = 'set -a; . ./.env; set +a; printf "%s|%s" "$A" "$B"'
    done = subprocess.run(
        ["sh", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    expected = value.replace("'", "%27").replace("\n", "%0A")
    assert done.stdout == f"{expected}|last"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_no_value_names_another_one():
    hostile = Values(issuer="{client_secret}", client_id="{issuer}", client_secret="hidden")
    assert "hidden" not in fill_in({"A": "{issuer}", "B": "{client_id}"}, hostile).values()


@pytest.mark.parametrize(
    ("uri", "port"),
    [("http://localhost/cb", "8000"), ("http://localhost:x/", "8000"), ("", "8000")],
)
def test_an_address_without_a_port_takes_that_of_the_framework(uri, port):
    made = render(STACKS["fastapi"], Values(issuer="i", client_id="c", redirect_uri=uri), ())
    assert made.run[-1].endswith(f"--port {port}")


@pytest.mark.parametrize(
    ("client", "kind"),
    [
        (WEB, Kind.WEB),
        (public(), Kind.BROWSER),
        (public(type=AppType.NATIVE), Kind.NATIVE),
        (public(grant_types=("urn:ietf:params:oauth:grant-type:device_code",)), Kind.DEVICE),
        (
            public(
                grant_types=("client_credentials",),
                token_endpoint_auth_method="client_secret_post",
            ),
            Kind.MACHINE,
        ),
        (public(grant_types=("client_credentials",)), None),
        (public(token_endpoint_auth_method="private_key_jwt"), None),
        (public(grant_types=("implicit",), response_types=("id_token",)), None),
        (public(grant_types=("password",), response_types=()), None),
    ],
)
def test_what_an_application_is_follows_from_how_it_is_registered(client, kind):
    assert kind_of(client) is kind
    assert {stack.kind for stack in fitting(client)} == ({kind} if kind else set())


def test_the_likeliest_stack_has_the_path_of_the_redirect_uri():
    assert fitting(WEB)[0].id == "django"


def test_no_secret_is_in_what_is_printed():
    made = render(STACKS["fastapi"], VALUES, (), ["own"])
    assert "secret" not in f"{VALUES}{made}"


@pytest.mark.parametrize("framework", ["fastapi", "flask", "express", "go", "apache", "spring"])
def test_the_address_of_a_framework_names_its_program(framework):
    (uri,) = FRAMEWORKS[framework].redirect_uris
    first, *_ = fitting(msgspec.structs.replace(WEB, redirect_uris=(uri,)))
    assert first.id == framework


def test_the_folder_of_a_program_keeps_its_variables_out_of_git():
    made = render(STACKS["go"], VALUES, (File(name="main.go", content="package main"),))
    found = {one.name: one.content for one in made.folder}
    assert found[".gitignore"] == ".env\n"
    assert "OIDC_CLIENT_SECRET=a-secret\n" in found[".env"]
    assert found["main.go"] == "package main"
