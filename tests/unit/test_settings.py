import base64
import copy
import json
import pickle
import socket
from pathlib import Path

import msgspec
import pytest

from ostiary.settings import (
    OPTIONS,
    Secret,
    Settings,
    SettingsError,
    check_serve,
    load,
    receive_settings,
    send_settings,
)

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "OSTIARY_PUBLIC_URL": "https://login.example.com",
    "OSTIARY_DATABASE_URL": "postgresql://ostiary:hunter2@db.test/ostiary",
    "OSTIARY_KEY_ENCRYPTION_KEY": KEY,
}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def problems_of(config=None, environ=None, overrides=None):
    with pytest.raises(SettingsError) as caught:
        load(config, environ or {}, overrides)
    return {problem.place: problem.message for problem in caught.value.problems}


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def test_defaults_without_any_source():
    assert load(None, {}) == Settings()


def test_each_source_wins_over_the_one_before(tmp_path):
    write(tmp_path / "ostiary.toml", 'workers = 2\n[log]\nlevel = "debug"\nformat = "json"\n')
    settings = load(None, {"OSTIARY_LOG_LEVEL": "error", "OSTIARY_WORKERS": "3"}, {"workers": 4})
    assert (settings.workers, settings.log.level, settings.log.format) == (4, "error", "json")


def test_the_file_is_the_argument_then_the_variable_then_the_current_folder(tmp_path):
    here = write(tmp_path / "ostiary.toml", "workers = 2")
    named = write(tmp_path / "named.toml", "workers = 3")
    given = write(tmp_path / "given.toml", "workers = 4")
    environ = {"OSTIARY_CONFIG": str(named)}
    assert load(given, environ).workers == 4
    assert load(None, environ).workers == 3
    assert load(None, {}).workers == 2
    here.unlink()
    assert load(None, {}).workers == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"workers = \n", "is not valid TOML: Invalid value (at line 1, column 11)"),
        (b'public_url = "\xff"', "is not written in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, content, message):
    path = tmp_path / "some.toml"
    if content is not None:
        path.write_bytes(content)
    assert problems_of(path) == {str(path): message}


def test_every_problem_is_told_at_once(tmp_path):
    path = write(tmp_path / "ostiary.toml", 'worker = 2\nlisten = "8080"\nlog = "debug"\n')
    environ = {"OSTIARY_WORKERS": "many", "OSTIARY_AUTO_MIGRATE": "maybe", "OSTIARY_LOG_LEVL": "x"}
    assert problems_of(None, environ) == {
        f"{path}: worker": "there is no such setting; did you mean workers?",
        f"{path}: listen": "write host:port, such as localhost:8080, instead of '8080'",
        f"{path}: log": "is a table: write it as [log]",
        "OSTIARY_AUTO_MIGRATE": "write true or false instead of 'maybe'",
        "OSTIARY_LOG_LEVL": "there is no such setting; did you mean OSTIARY_LOG_LEVEL?",
        "OSTIARY_WORKERS": "write a whole number instead of 'many'",
    }


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[smpt]\nhost = "a"', "; did you mean smtp?"),
        ('[log]\nlevl = "info"', "; did you mean log.level?"),
        ('level = "info"', "; did you mean log.level?"),
        ("zzz = 1", ""),
    ],
)
def test_an_unknown_key_is_an_error_with_a_suggestion(tmp_path, text, hint):
    path = write(tmp_path / "ostiary.toml", text)
    ((place, message),) = problems_of().items()
    assert place.startswith(str(path))
    assert message == f"there is no such setting{hint}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('workers = "2"', "expected number, got '2'"),
        ("workers = true", "expected number, got True"),
        ("workers = 0", "expected 1 to 64, got 0"),
        ("workers = 65", "expected 1 to 64, got 65"),
        ("auto_migrate = 1", "expected true or false, got 1"),
        ('trusted_proxies = "10.0.0.0/8"', 'expected a list of texts, such as ["a", "b"]'),
        ("public_url = 3", "expected text, got 3"),
        ("key_encryption_key = 123456", "expected text, got int"),
        ('public_url = "a\\nb"', "leave out control characters and line breaks"),
        (
            '[log]\nlevel = "warn"',
            "expected one of debug, info, warning, error, got 'warn'; did you mean warning?",
        ),
    ],
)
def test_a_value_of_the_wrong_type_or_size_says_what_to_write(tmp_path, text, message):
    write(tmp_path / "ostiary.toml", text)
    assert list(problems_of().values()) == [message]


def test_types_in_variables():
    settings = load(
        None,
        {
            "OSTIARY_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,",
            "OSTIARY_AUTO_MIGRATE": "No",
            "OSTIARY_LIMITS_IDLE_SECONDS": " 5 ",
            "OSTIARY_WORKERS": "",
            "UNRELATED": "x",
        },
    )
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.1/32")
    assert settings.auto_migrate is False
    assert settings.limits.idle_seconds == 5
    assert settings.workers == 1


def test_variables_that_kubernetes_adds_for_a_service_of_our_name_are_left_alone():
    environ = {
        "OSTIARY_PORT": "tcp://10.0.0.1:80",
        "OSTIARY_PORT_80_TCP": "tcp://10.0.0.1:80",
        "OSTIARY_PORT_80_TCP_ADDR": "10.0.0.1",
        "OSTIARY_PORT_80_TCP_PROTO": "tcp",
        "OSTIARY_SERVICE_HOST": "10.0.0.1",
        "OSTIARY_SERVICE_PORT": "80",
        "OSTIARY_SERVICE_PORT_HTTP": "80",
        "OSTIARY_WEB_SERVICE_HOST": "10.0.0.1",
    }
    assert load(None, environ) == Settings()
    assert list(problems_of(None, {"OSTIARY_PORT": "8080"})) == ["OSTIARY_PORT"]


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.com",
        "https://login.example.com:8443",
        "https://[2001:db8::1]:8443",
        "https://192.0.2.1",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://login.localhost",
    ],
)
def test_public_url(url):
    assert load(None, {"OSTIARY_PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("login.example.com", "write an https URL, such as https://login.example.com"),
        ("ftp://login.example.com", "write an https URL, such as https://login.example.com"),
        ("https://login.example.com/", "leave out everything after the host (/)"),
        ("https://login.example.com/auth", "leave out everything after the host (/auth)"),
        ("https://login.example.com?x=1", "leave out everything after the host (/)"),
        ("https://login.example.com#x", "leave out everything after the host (/)"),
        ("https://login.example.com#", "leave out everything after the host (/)"),
        ("https://me@login.example.com", "write scheme and host only"),
        ("https://", "write scheme and host only"),
        ("https://-a.test", "write scheme and host only"),
        ("https://login.example.com.", "leave out the dot at the end of the host"),
        ("https://login.example.com:443", "leave out :443, which is the usual port of https"),
        ("http://localhost:80", "leave out :80, which is the usual port of http"),
        ("https://Login.Example.com", "canonical form: https://login.example.com"),
        ("HTTPS://login.example.com", "canonical form: https://login.example.com"),
        ("https://login.example.com:08443", "canonical form: https://login.example.com:8443"),
        ("https://bücher.example", "ASCII form: xn--bcher-kva.example"),
        ("https://login.example.com:99999", "this is no URL"),
        ("https://[::1", "this is no URL"),
        ("https://login example.com", "leave out blanks"),
        ("https://login.example.com\\@evil.test", "leave out blanks, backslashes"),
        ("http://login.example.com", "allow_insecure_public_url = true"),
        ("http://10.0.0.1", "allow_insecure_public_url = true"),
    ],
)
def test_public_url_refused(url, message):
    assert message in problems_of(None, {"OSTIARY_PUBLIC_URL": url})["OSTIARY_PUBLIC_URL"]


def test_plain_http_beyond_loopback_needs_its_named_switch():
    environ = {
        "OSTIARY_PUBLIC_URL": "http://login.example.com",
        "OSTIARY_ALLOW_INSECURE_PUBLIC_URL": "true",
    }
    assert load(None, environ).public_url == "http://login.example.com"


@pytest.mark.parametrize(
    ("written", "listen"),
    [
        ("localhost:8080", "localhost:8080"),
        ("0.0.0.0:80", "0.0.0.0:80"),
        ("[::]:8080", "[::]:8080"),
        ("[0:0::1]:8080", "[::1]:8080"),
        ("127.0.0.1:0", "127.0.0.1:0"),
    ],
)
def test_listen(written, listen):
    assert load(None, {"OSTIARY_LISTEN": written}).listen == listen


@pytest.mark.parametrize(
    "listen",
    ["localhost", ":8080", "::1:8080", "[::1:8080", "[localhost]:1", "a b:1", "a:65536", "a:-1"],
)
def test_listen_refused(listen):
    assert list(problems_of(None, {"OSTIARY_LISTEN": listen})) == ["OSTIARY_LISTEN"]


def test_host_and_port_on_the_command_line_change_half_of_listen():
    environ = {"OSTIARY_LISTEN": "192.0.2.1:8000"}
    assert load(None, environ, {"port": 9000}).listen == "192.0.2.1:9000"
    assert load(None, environ, {"host": "::1"}).listen == "[::1]:8000"
    assert load(None, environ, {"host": None, "port": None}).listen == "192.0.2.1:8000"
    assert list(problems_of(None, environ, {"port": 70000})) == ["--port"]


def test_relative_paths_are_taken_from_the_folder_of_their_source(tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    config = write(
        folder / "o.toml", 'database_url = "sqlite:///a.db"\n[egress]\nca_file = "ca.pem"'
    )
    settings = load(config, {})
    assert settings.database_url.reveal() == f"sqlite:///{folder}/a.db"
    assert settings.egress.ca_file == f"{folder}/ca.pem"
    settings = load(config, {"OSTIARY_DATABASE_URL": "sqlite:///b.db"})
    assert settings.database_url.reveal() == f"sqlite:///{tmp_path}/b.db"
    settings = load(config, {"OSTIARY_DATABASE_URL": "sqlite:////var/c.db"})
    assert settings.database_url.reveal() == "sqlite:////var/c.db"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://a.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "mysql://hunter2@db/x",
        "postgresql://u:hunter2@db",
        "postgresql://u:hunter2@db:x/name",
        "hunter2",
    ],
)
def test_database_url_refused_without_repeating_it(url):
    (message,) = problems_of(None, {"OSTIARY_DATABASE_URL": url}).values()
    assert "hunter2" not in message


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy.test"])
def test_trusted_proxies_refused(proxies):
    assert problems_of(None, {"OSTIARY_TRUSTED_PROXIES": proxies})


def test_egress_allow():
    environ = {"OSTIARY_EGRESS_ALLOW": "127.0.0.0/8,IdP.test:8443,[::1]:80,10.1.2.3"}
    assert load(None, environ).egress.allow == (
        "127.0.0.0/8",
        "idp.test:8443",
        "[::1]:80",
        "10.1.2.3/32",
    )
    assert problems_of(None, {"OSTIARY_EGRESS_ALLOW": "idp.test"})


@pytest.mark.parametrize("written", [KEY, KEY.rstrip("="), f"{KEY}\n"])
def test_key_encryption_key_in_its_file(tmp_path, written):
    path = write(tmp_path / "key", written)
    settings = load(None, {"OSTIARY_KEY_ENCRYPTION_KEY_FILE": "key"})
    assert settings.key_encryption_key.reveal() == bytes(range(32))
    assert settings.key_encryption_key_file == str(path)


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (None, 0, "does not exist; `ostiary init` makes a key"),
        (KEY, 0o604, "is open to others: run chmod 600"),
        (KEY, 0o620, "is open to others: run chmod 600"),
        ("short", 0o600, "does not hold a key"),
        (KEY + "AA", 0o600, "does not hold a key"),
        ("schlüssel", 0o600, "does not hold a key"),
    ],
)
def test_key_file_refused(tmp_path, content, mode, message):
    if content is not None:
        write(tmp_path / "key", content, mode)
    problems = problems_of(None, {"OSTIARY_KEY_ENCRYPTION_KEY_FILE": "key"})
    assert message in problems["OSTIARY_KEY_ENCRYPTION_KEY_FILE"]


def test_key_and_key_file_together_are_refused(tmp_path):
    write(tmp_path / "key", KEY)
    environ = {"OSTIARY_KEY_ENCRYPTION_KEY_FILE": "key", "OSTIARY_KEY_ENCRYPTION_KEY": KEY}
    assert list(problems_of(None, environ)) == ["OSTIARY_KEY_ENCRYPTION_KEY_FILE"]


def test_a_file_with_the_key_in_it_is_not_open_to_others(tmp_path):
    path = write(tmp_path / "ostiary.toml", f'key_encryption_key = "{KEY}"', 0o644)
    assert "run chmod 640" in problems_of()[str(path)]
    path.chmod(0o640)
    assert load(None, {}).key_encryption_key


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_smtp_port_follows_from_security(security, port):
    environ = {
        "OSTIARY_SMTP_HOST": "mail.test",
        "OSTIARY_SMTP_FROM": "Login <login@mail.test>",
        "OSTIARY_SMTP_SECURITY": security,
    }
    assert load(None, environ).smtp.port == port
    assert load(None, {**environ, "OSTIARY_SMTP_PORT": "2525"}).smtp.port == 2525


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"FROM": ""}, "HOST"),
        ({"FROM": "login"}, "FROM"),
        ({"FROM": "a@b.test>\r\nBcc: c@d.test"}, "FROM"),
        ({"HOST": ""}, "FROM"),
        ({"USERNAME": "me"}, "HOST"),
        ({"USERNAME": "me", "PASSWORD": "hunter2", "SECURITY": "none"}, "SECURITY"),
        ({"SECURITY": "ssl"}, "SECURITY"),
        ({"PORT": "70000"}, "PORT"),
    ],
)
def test_smtp_refused(changes, place):
    smtp = {"HOST": "mail.test", "FROM": "login@mail.test", **changes}
    problems = problems_of(None, {f"OSTIARY_SMTP_{key}": value for key, value in smtp.items()})
    assert list(problems) == [f"OSTIARY_SMTP_{place}"]
    assert "hunter2" not in str(problems)


def test_development_mode_has_defaults_of_its_own(tmp_path):
    settings = load(None, {}, {"dev": True, "port": 9000})
    assert settings.public_url == "http://localhost:9000"
    assert settings.database_url.reveal() == f"sqlite:///{tmp_path}/.ostiary/ostiary.db"
    assert settings.metrics.listen == "off"
    assert check_serve(settings) == ()
    environ = {"OSTIARY_PUBLIC_URL": "http://127.0.0.1:1", "OSTIARY_METRICS_LISTEN": "127.0.0.1:2"}
    settings = load(None, environ, {"dev": True})
    assert (settings.public_url, settings.metrics.listen) == ("http://127.0.0.1:1", "127.0.0.1:2")
    assert list(problems_of(None, {}, {"dev": True, "port": 0})) == ["--port"]


def test_development_mode_stays_on_this_machine():
    (problem,) = check_serve(load(None, {}, {"dev": True, "host": "0.0.0.0"}))
    assert problem.place == "listen"
    environ = {"OSTIARY_ALLOW_INSECURE_PUBLIC_URL": "true"}
    assert check_serve(load(None, environ, {"dev": True, "host": "0.0.0.0"})) == ()


def test_serving_the_world_needs_issuer_database_and_key():
    assert [problem.place for problem in check_serve(load(None, {}))] == [
        "public_url",
        "database_url",
        "key_encryption_key",
    ]
    assert check_serve(load(None, PRODUCTION)) == ()


def test_lx_01_no_way_of_writing_settings_shows_a_secret():
    settings = load(None, {**PRODUCTION, "OSTIARY_SMTP_HOST": "m", "OSTIARY_SMTP_FROM": "a@b.test"})
    secret = settings.database_url
    written = f"{settings!r} {settings} {secret} {secret!r}"
    assert "hunter2" not in written
    assert repr(bytes(range(32)))[2:20] not in written
    for write_out in (
        pickle.dumps,
        copy.deepcopy,
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
    ):
        with pytest.raises(TypeError):
            write_out(secret)


def test_a_secret_compares_by_value():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert (bool(Secret("")), bool(Secret("a"))) == (False, True)


def test_settings_travel_to_a_child_whole():
    near, far = socket.socketpair()
    with near, far:
        settings = load(None, PRODUCTION)
        send_settings(near, settings)
        assert receive_settings(far) == settings
        near.close()
        with pytest.raises(EOFError):
            receive_settings(far)


def test_the_table_covers_every_field_with_a_sentence_and_a_valid_example(tmp_path):
    assert len({option.variable for option in OPTIONS}) == len(OPTIONS)
    for option in OPTIONS:
        assert option.meaning.endswith(".")
        assert option.type_label
        value = option.example
        if isinstance(value, Secret) or value in ("", ()):
            continue
        if option.kind is tuple and isinstance(value, str):
            value = [value]
        section = f"[{option.section}]\n" if option.section else ""
        path = write(tmp_path / "one.toml", f"{section}{option.key} = {json.dumps(value)}")
        try:
            load(path, {})
        except SettingsError as error:
            # Alone it may want company (smtp.host, an existing key file); it parses.
            assert all(  # noqa: PT017 (only some options fail alone)
                "smtp." in problem.message or "does not exist" in problem.message
                for problem in error.problems
            )


def test_settings_stay_small_enough_for_the_supervisor():
    folder = Path(__file__).parents[2] / "src" / "ostiary" / "settings"
    imported = {
        line.split()[1].partition(".")[0]
        for path in folder.glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    third_party = imported & {"falcon", "cryptography", "rich", "typer", "httpx", "uvicorn"}
    assert not third_party
    assert "msgspec" in imported
