"""Mail through a real mail server: encrypted and not, while it is down, and refused."""

import time
from pathlib import Path

import pytest

from support import acme
from support.browser import Browser
from support.certificates import Authority
from support.server import Server
from support.smtp import MailServer
from support.smtp_process import USER

NEW = "entirely different words of mine"
CALLBACK = "https://application.test/callback"


def web() -> dict:
    return acme.organization(
        acme.web_application(
            "mailing",
            client_secret="a secret of at least thirty-two characters",
            redirect_uris=[CALLBACK],
            allowed_scopes=["openid", "email"],
        )
    )


def server_pem(authority: Authority, folder: Path) -> Path:
    """Make a certificate for localhost; return the file with it and its key."""
    authority.server_context("localhost")
    (found,) = folder.glob("server-*.pem")
    return found


def begin(server: Server) -> str:
    parameters = "&".join(
        (
            "response_type=code&client_id=mailing&scope=openid&state=s",
            f"redirect_uri={CALLBACK}",
            "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method=S256",
        )
    )
    return f"{server.issuer}/oauth/v2/authorize?{parameters}"


def forget(browser: Browser, server: Server, name: str = acme.USERNAME) -> None:
    """Ask for a new password from the sign-in page."""
    page = browser.visit(begin(server))
    flow = page.url.partition("flow=")[2]
    page = browser.visit(f"{server.issuer}/login/forgot?flow={flow}")
    page = browser.submit(page, page.form(username=""), username=name)
    assert "on its way" in page.text


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_password_is_recovered_by_mail(tmp_path, security):
    authority = Authority(tmp_path)
    pem = None if security == "none" else server_pem(authority, tmp_path)
    with (
        MailServer(tmp_path, security, pem) as mail,
        Server(
            tmp_path / "server", smtp=mail.settings, egress={"ca_file": str(authority.ca_file)}
        ) as server,
        Browser(CALLBACK) as browser,
    ):
        server.apply(web())
        forget(browser, server)
        received = mail.wait()
        assert received.recipients == ["alice@acme.test"]
        assert received.sender == "login@example.test"
        assert received.secure is (security != "none")
        assert received.user == (None if security == "none" else USER)
        message = received.message
        assert message["From"] == "Example Login <login@example.test>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert str(message["Message-ID"]).endswith("@localhost>")
        assert received.link in received.part("html")
        page = browser.visit(received.link)
        page = browser.submit(page, page.form(new_password=""), new_password=NEW)
        assert "Your password is changed" in page.text
        notice = mail.wait(2)
        assert "was changed" in str(notice.message["Subject"])
        assert browser.sign_in(begin(server), acme.USERNAME, NEW).arrived
        assert received.link not in server.output()
        assert server.run("mail", "test", "--to", "admin@acme.test")["to"] == "admin@acme.test"
        assert mail.wait(3).recipients == ["admin@acme.test"]


def test_a_mail_waits_while_the_mail_server_is_down(tmp_path):
    mail = MailServer(tmp_path)
    with Server(tmp_path / "server", smtp=mail.settings) as server, Browser(CALLBACK) as browser:
        server.apply(web())
        forget(browser, server)
        waiting = until(lambda: [one for one in listed(server) if one["last_error"]])
        assert waiting[0]["to"] == "alice@acme.test"
        assert "Connect" in waiting[0]["last_error"]
        with mail:
            server.run("mail", "retry")
            received = mail.wait()
        assert received.recipients == ["alice@acme.test"]
        assert until(lambda: not listed(server))
        types = [event["type"] for event in server.run("events", "list")]
        assert "mail.failed" in types
        assert "mail.delivered" in types


def test_a_server_that_is_not_trusted_gets_nothing(tmp_path):
    """Neither the password of the mail server's user nor any mail."""
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    pem = server_pem(Authority(stranger), stranger)
    with (
        MailServer(tmp_path, "starttls", pem) as mail,
        Server(tmp_path / "server", smtp=mail.settings) as server,
        Browser(CALLBACK) as browser,
    ):
        server.apply(web())
        forget(browser, server)
        waiting = until(lambda: [one for one in listed(server) if one["last_error"]])
        assert "certificate verify failed" in waiting[0]["last_error"].lower()
        assert mail.mails() == []


def test_no_mail_goes_out_in_the_clear_where_it_is_to_be_encrypted(tmp_path):
    with MailServer(tmp_path, "none") as mail:
        settings = mail.settings | {"security": "starttls"}
        with Server(tmp_path / "server", smtp=settings) as server, Browser(CALLBACK) as browser:
            server.apply(web())
            forget(browser, server)
            waiting = until(lambda: [one for one in listed(server) if one["last_error"]])
            assert "STARTTLS" in waiting[0]["last_error"]
            assert mail.mails() == []


def test_what_is_refused_for_good_is_given_up_and_told(tmp_path):
    with (
        MailServer(tmp_path) as mail,
        Server(tmp_path / "server", smtp=mail.settings) as server,
    ):
        server.apply(web())
        server.run("user", "invite", "unknown@acme.test", "--organization", "acme")
        server.run("user", "invite", "full@acme.test", "--organization", "acme")
        until(lambda: len([one for one in listed(server) if one["last_error"]]) == 2)
        found = {one["to"]: one for one in listed(server)}
        assert found["full@acme.test"]["last_error"].startswith("452")
        assert not found["full@acme.test"]["given_up"]
        assert found["unknown@acme.test"]["last_error"].startswith("550")
        assert found["unknown@acme.test"]["given_up"]
        (event,) = until(lambda: server.run("events", "list", "--type", "mail.given_up"))
        assert event["reason"] == "550"
        assert "unknown@acme.test" not in str(event)


def test_mail_is_kept_in_an_inbox_in_development_mode(tmp_path):
    with Server(tmp_path / "server", dev=True) as server, Browser(CALLBACK) as browser:
        server.apply(web())
        forget(browser, server)
        inbox = f"{server.issuer}/dev/inbox"
        until(lambda: "alice@acme.test" in browser.visit(inbox).text)
        page = browser.visit(f"{server.issuer}/dev/inbox/00000001")
        link = page.text.partition(f'href="{server.issuer}/login/reset')[2].partition('"')[0]
        page = browser.visit(f"{server.issuer}/login/reset{link}")
        assert page.form(new_password="")
        html = browser.visit(f"{server.issuer}/dev/inbox/00000001/html")
        assert html.headers["content-security-policy"].startswith("sandbox")
        for other in ("00000099", "..%2Fkey", "x"):
            assert browser.visit(f"{server.issuer}/dev/inbox/{other}").status == 404


def listed(server: Server) -> list[dict]:
    """Return the mails that wait."""
    return server.run("mail", "list")


def until(condition, seconds: float = 30):
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found
