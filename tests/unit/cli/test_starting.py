"""`ostiary init`, `migrate`, `doctor`, and what `serve` does before the server runs."""

import json
import stat
import subprocess
import sys

import pytest

from ostiary.cli import development, serving
from ostiary.cli.serving import ServeOptions, read_arguments
from ostiary.settings import load
from support.process import clean_environment


def test_init_writes_settings_that_can_be_used_and_a_key_of_ones_own(ostiary, folder):
    url = "https://login.acme.test"
    ran = ostiary("init", "--public-url", url, "--folder", "etc", "--json")
    assert ran.data == {"config": "etc/ostiary.toml", "key": "etc/ostiary.key"}
    key = folder / "etc/ostiary.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "etc/ostiary.toml").stat().st_mode) == 0o600
    settings = load("etc/ostiary.toml", {})
    assert settings.public_url == url
    assert settings.database_url.reveal() == f"sqlite:///{folder}/etc/ostiary.db"
    assert settings.key_encryption_key
    assert key.read_text().strip() not in ran.out + (folder / "etc/ostiary.toml").read_text()
    checked = ostiary("doctor", "--config", "etc/ostiary.toml", "--json").data["checks"]
    assert checked[0] == {
        "name": "settings",
        "status": "ok",
        "message": "are complete",
        "hint": "",
    }


@pytest.mark.parametrize("name", ["ostiary.toml", "ostiary.key"])
def test_init_overwrites_nothing(ostiary, folder, name):
    (folder / name).write_text("mine")
    ran = ostiary("init", "--json")
    assert (ran.code, ran.error["code"]) == (4, "conflict")
    assert (folder / name).read_text() == "mine"
    assert [one.name for one in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--public-url", "http://login.acme.test"),
        ("--public-url", "https://login.acme.test/auth"),
        ("--database-url", "mysql://x"),
        ("--listen", "nowhere:port"),
    ],
)
def test_init_writes_nothing_that_cannot_be_used(ostiary, folder, arguments):
    ran = ostiary("init", *arguments, "--json")
    assert (ran.code, ran.error["code"]) == (1, "settings")
    assert arguments[0] in ran.error["message"]
    assert list(folder.iterdir()) == []


def test_init_where_nothing_can_be_written(ostiary, folder):
    (folder / "file").write_text("")
    ran = ostiary("init", "--folder", "file", "--json")
    assert (ran.code, ran.error["code"]) == (1, "file")


def test_migrate_does_so_once(ostiary, configured):
    first = ostiary("migrate", "--json").data
    assert first["applied"]
    assert ostiary("migrate", "--json").data == {
        "applied": [],
        "schema_version": first["schema_version"],
    }
    assert [one["id"] for one in ostiary("org", "list", "--json").data] == ["default"]


def findings(ran):
    return {check["name"]: check["status"] for check in ran.data["checks"]}


def test_doctor_on_an_empty_database(ostiary, configured):
    ran = ostiary("doctor", "--json")
    assert ran.code == 6
    assert ran.data["healthy"] is False
    assert findings(ran) == {
        "settings": "ok",
        "database": "failed",
        "public URL": "warning",
        "mail": "warning",
    }


def test_doctor_on_one_that_is_ready(instance, monkeypatch):
    assert findings(instance("doctor"))["signing keys"] == "warning"
    instance("keys", "rotate", "--now")
    ran = instance("doctor")
    assert ran.code == 0
    assert ran.data["healthy"] is True
    assert findings(ran) == {
        "settings": "ok",
        "database": "ok",
        "clock": "ok",
        "signing keys": "ok",
        "public URL": "warning",
        "mail": "warning",
    }


def test_doctor_finds_another_key(instance, configured):
    instance("keys", "rotate", "--now")
    configured.write_text(configured.read_text().replace("A" * 43, "B" + "A" * 42))
    ran = instance("doctor")
    assert (ran.code, findings(ran)["signing keys"]) == (6, "failed")


def test_doctor_finds_a_database_that_is_none(ostiary, configured, folder):
    (folder / "ostiary.db").write_bytes(b"this is no database, but long enough to look like one")
    ran = ostiary("doctor", "--json")
    assert (ran.code, findings(ran)["database"]) == (6, "failed")


def test_doctor_finds_incomplete_settings(instance, configured):
    configured.write_text('database_url = "sqlite:///ostiary.db"\n')
    ran = instance("doctor")
    assert (ran.code, findings(ran)["settings"]) == (6, "failed")


# --- serve ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], ServeOptions()),
        (["--dev", "--json"], ServeOptions(dev=True, as_json=True)),
        (
            ["--config", "x.toml", "--host", "::1", "--port=80", "--workers", "2"],
            ServeOptions(config="x.toml", host="::1", port=80, workers=2),
        ),
        (["--help"], None),
        (["--port"], None),
        (["--port", "http"], None),
        (["--port", "999999"], None),
        (["--port", "-1"], None),
        (["--port", "٣"], None),
        (["--config", "--dev"], None),
        (["--config="], None),
        (["--dev=yes"], None),
        (["--nonsense"], None),
        (["x"], None),
    ],
)
def test_the_short_way_takes_what_is_plainly_right(arguments, options):
    assert read_arguments(arguments) == options


def test_the_short_way_knows_every_option(ostiary):
    text = ostiary("serve", "--help").out
    for option in (*serving.FLAGS, *serving.VALUES):
        assert option in text
    options = {word.strip(",") for word in text.split() if word.startswith("--")}
    assert options <= {*serving.FLAGS, *serving.VALUES, "--help"}


def test_the_supervisor_stays_small():
    """What `serve` imports stays in memory for as long as the server runs."""
    program = (
        "import sys; before = set(sys.modules);"
        " import ostiary.cli.serving, ostiary.cli.development, ostiary.web.server.supervisor;"
        " print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(),
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"typer", "rich", "cryptography", "falcon", "jinja2", "asyncio", "sqlite3"}
    assert "ostiary.admin" not in done.stdout
    assert "ostiary.store" not in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--config", "ostiary.toml")])
def test_serve_says_what_is_missing(ostiary, folder, arguments):
    (folder / "ostiary.toml").write_text('public_url = "https://login.test"\n')
    ran = ostiary("serve", *arguments, "--json")
    assert (ran.code, ran.error["code"]) == (1, "settings")
    assert "database_url: is not set" in ran.error["message"]
    assert "key_encryption_key: is not set" in ran.error["message"]


def test_serve_refuses_settings_that_cannot_be(ostiary, folder):
    (folder / "ostiary.toml").write_text("wrkers = 1\n")
    ran = ostiary("serve")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean workers" in ran.err


def test_development_mode_stays_on_this_machine(ostiary):
    ran = ostiary("serve", "--dev", "--host", "0.0.0.0", "--json")
    assert (ran.code, ran.error["code"]) == (1, "settings")
    assert "development mode stays on this machine" in ran.error["message"]


def test_a_key_is_made_once_for_its_owner_only(folder):
    settings = development.settle(load(None, {}, {"dev": True}), None, {"dev": True})
    key = folder / ".ostiary/key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert (folder / ".ostiary/.gitignore").read_text() == "*\n"
    again = development.settle(load(None, {}, {"dev": True}), None, {"dev": True})
    assert again.key_encryption_key == settings.key_encryption_key
    with pytest.raises(FileExistsError):
        development.make_key(key)


def test_a_key_of_ones_own_is_used_in_development_too(folder, monkeypatch):
    monkeypatch.setenv("OSTIARY_KEY_ENCRYPTION_KEY", "B" * 42 + "A")
    settings = load(None, {"OSTIARY_KEY_ENCRYPTION_KEY": "B" * 42 + "A"}, {"dev": True})
    settled = development.settle(settings, None, {"dev": True})
    assert settled.key_encryption_key == settings.key_encryption_key
    assert not (folder / ".ostiary/key").exists()


def test_the_announcement_for_programs_is_one_line(capsys):
    settings = load(None, {}, {"dev": True})
    serving._announce(settings, as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "issuer": "http://localhost:8080",
        "console_url": "http://localhost:8080/console",
    }


@pytest.mark.parametrize("value", ["", "http://127.0.0.1:1"])
def test_setup_needs_the_address_that_its_link_begins_with(
    instance, monkeypatch, value, configured
):
    text = configured.read_text()
    configured.write_text(text.replace("https://login.test", value))
    ran = instance("setup")
    if value:
        assert ran.data["url"].startswith(f"{value}/setup?token=ost_st_")
    else:
        assert (ran.code, ran.error["code"]) == (1, "settings")


def test_setup_sets_an_empty_database_up(ostiary, configured):
    assert ostiary("setup", "--json").code == 0
    assert "works once" in ostiary("setup").out
