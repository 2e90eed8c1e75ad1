"""Attacks on what lies about: pages for operators, copies of the database."""

import base64
from pathlib import Path

import pytest

from ostiary.settings import Settings
from support.account import SECRET, application, connect
from support.factors import Person
from support.instance import PASSWORD, open_instance

FOR_OPERATORS = [
    *("/metrics", "/debug", "/debug/pprof/", "/debug/vars", "/actuator/env", "/actuator/heapdump"),
    *("/server-status", "/.env", "/.git/config", "/_profiler", "/console/debug"),
    *("/dev/inbox", "/dev/console"),
]


@pytest.mark.parametrize("path", FOR_OPERATORS)
async def test_lx_05_nothing_for_operators_is_served_to_the_public(tmp_path, path):
    async with open_instance(tmp_path) as instance, instance.program() as http:
        assert (await http.get(path)).status_code == 404


def test_lx_05_metrics_are_on_loopback_unless_somebody_says_otherwise():
    assert Settings(public_url="https://id.test").metrics.listen.startswith("127.0.0.1:")


def read_all(folder: Path) -> bytes:
    """Return what the database's files hold."""
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


async def test_lx_06_a_copy_of_the_database_opens_nothing(tmp_path):
    """What a backup holds: no secret of a person, a browser, an application or a token."""
    async with open_instance(tmp_path) as instance, instance.browser() as browser:
        await instance.add(application("copied"))
        person = await Person.begin(browser, prompts=("enrol",))
        await person.sign_in()
        totp_secret, codes = await person.enrol_totp()
        tokens = await connect(browser, "copied")
        secrets = [
            *(PASSWORD, SECRET, browser.cookie, *codes, *(code.replace("-", "") for code in codes)),
            *(base64.b32encode(totp_secret).decode(), totp_secret.hex()),
            *(tokens["access_token"], tokens["refresh_token"], tokens["id_token"]),
        ]
        kept = read_all(tmp_path)
        assert b"alice@acme.test" in kept
        assert totp_secret not in kept
        for secret in secrets:
            assert secret.encode() not in kept
