"""Every page in every language, also with the worst names that anybody can think of."""

import re
import tomllib
from html.parser import HTMLParser
from importlib import resources

import pytest

from ostiary.model.client import Client
from ostiary.pages.languages import load_languages
from ostiary.pages.recovery_views import (
    ConfirmPage,
    DonePage,
    ForgotPage,
    NewPasswordPage,
    RegisterPage,
    VerifyPage,
)
from ostiary.pages.render import Pages
from ostiary.pages.text import shown_name
from ostiary.pages.views import (
    Account,
    ConsentGroup,
    ConsentItem,
    ConsentPage,
    DeviceDonePage,
    DeviceNotice,
    DevicePage,
    ErrorPage,
    FormPostPage,
    Link,
    LoginPage,
    Problem,
    SelectPage,
    View,
)

LANGUAGES = load_languages()
HOSTILE = "\"'><script>alert(1)</script>{{7*7}}{% x %}&amp;</title>\u2028\u202e"
WAITS = {"throttled", "throttled_address", "busy", "device_throttled"}
PAGES = Pages(lambda name: f"/static/{name}")


def reasons() -> list[str]:
    text = resources.files("ostiary.pages").joinpath("locale/en.toml").read_text("utf-8")
    return [name for name, value in tomllib.loads(text)["error"].items() if isinstance(value, dict)]


def problems() -> list[str]:
    text = resources.files("ostiary.pages").joinpath("locale/en.toml").read_text("utf-8")
    return list(tomllib.loads(text)["problem"])


def recovery_views(name: str, failed: list[Problem]) -> list[View]:
    """The pages of recovering an account and of joining."""
    form = {"site": "id.test", "action": "/x?flow=f", "token": "t"}
    flow = {**form, "client": name}
    problem = failed[0]
    forgot = {**flow, "login_url": "/l", "lifetime": 900}
    chosen = {**form, "username": name, "min_length": 15, "organization": name}
    register = {**flow, "login_url": "/l", "min_length": 15}
    verify = {**flow, "again_url": "/a"}
    purposes = ("registration", "email_verification", "email_change", "email_undo")
    return [
        ForgotPage(**forgot, username=name),
        ForgotPage(**forgot, problem=problem),
        ForgotPage(**forgot, sent=True),
        NewPasswordPage(**chosen, kind="reset"),
        NewPasswordPage(**chosen, kind="reset", problem=problem),
        NewPasswordPage(**chosen, kind="invitation", given_name=name, family_name=name),
        RegisterPage(**register, email=name, terms_url="https://shop.test/terms"),
        RegisterPage(**register, given_name=name, problem=problem),
        VerifyPage(**verify),
        VerifyPage(**verify, problem=problem),
        *(ConfirmPage(**form, kind=purpose, address=name) for purpose in purposes),
        ConfirmPage(**form, kind="registration", address=name, password=True, problem=problem),
        *(
            DonePage(site="id.test", key=key, address=name)
            for key in ("reset", "invitation", *purposes)
        ),
        DonePage(site="id.test", key="reset", url="/login?flow=f", client=name),
    ]


def views(name: str = "Shop") -> list[View]:
    """Every page, each with everything that it can show."""
    account = Account(session_id="s1", name=name, login_name=f"{name}@acme.test")
    form = {"site": "id.test", "client": name, "action": "/x?flow=f", "token": "t"}
    items = (
        ConsentItem(name="openid", key="scope.openid"),
        ConsentItem(name="email", key="scope.email", value=name),
        ConsentItem(name="birthdate", key="claim.birthdate"),
        ConsentItem(name="o", key="scope.offline_access", seconds=86400, mark="offline"),
        ConsentItem(name=name, mark="api"),
    )
    groups = tuple(
        ConsentGroup(key=key, items=items, name=name)
        for key in ("identity", "offline", "api", "further")
    )
    links = (
        Link(key="client_uri", url="https://shop.test/?a=1&b=\"'<>", host=name),
        Link(key="policy_uri", url="https://shop.test/"),
        Link(key="tos_uri", url="https://shop.test/"),
    )
    consent = {**form, "account": account, "switch_url": "/s", "groups": groups, "links": links}
    notices = [
        DeviceNotice(user_code="BCDF-GHJK", organization=name, age=0, ip="192.0.2.1", nearby=True),
        DeviceNotice(user_code="BCDF-GHJK", organization=None, age=180, ip="", nearby=False),
    ]
    failed = [Problem(key=key, wait=16 if key in WAITS else None) for key in problems()]
    return [
        LoginPage(**form),
        LoginPage(**form, forgot_url="/f", register_url="/r"),
        LoginPage(**form, username=name, remember=True, confirming=True, select_url="/s"),
        *(LoginPage(**form, remember=False, problem=problem) for problem in failed),
        LoginPage(**form, problem=Problem(key="missing", fields=("username", "password"))),
        LoginPage(**form, links=consent["links"]),
        SelectPage(**form, accounts=(account, account), other_url="/o"),
        SelectPage(**form, accounts=(), other_url="/o", problem=Problem(key="account_gone")),
        ConsentPage(**consent, destination="shop.test"),
        ConsentPage(**consent, destination=None),
        *(ConsentPage(**consent, destination=None, device=notice) for notice in notices),
        DevicePage(site="id.test", action="/device"),
        DevicePage(site="id.test", action="/device", user_code="BCDF-GHJK"),
        *(
            DevicePage(site="id.test", action="/device", user_code=name, problem=problem)
            for problem in failed
            if problem.key.startswith("device_")
        ),
        *recovery_views(name, failed),
        DeviceDonePage(site="id.test", allowed=True),
        DeviceDonePage(site="id.test", allowed=False),
        *(
            ErrorPage(site="id.test", reason=reason, trace_id="t", time="2026-11-20 12:00 UTC")
            for reason in reasons()
        ),
        ErrorPage(
            site="id.test",
            reason="request_invalid",
            client=name,
            back_url="https://shop.test/",
            code="invalid_request",
            parameter="redirect_uri",
            description=name,
            trace_id="t",
            time="2026-11-20 12:00 UTC",
        ),
        FormPostPage(
            site="id.test",
            client=name,
            action="https://shop.test/cb",
            fields=(("code", name), (name, "x")),
            nonce="n",
        ),
    ]


class Structure(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[list[dict[str, str | None]]] = []
        self.title = ""
        self._in_title = False
        self.feed(html.decode())

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self._in_title = tag == "title"
        if tag == "form":
            self.forms.append([])
        if tag == "button" and attributes.get("type") == "submit":
            self.forms[-1].append(attributes)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def find(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_a_page_stands_in_its_language(view: View, tag: str) -> None:
    page = Structure(PAGES.render(view, LANGUAGES[tag]))
    assert page.find("html") == [{"lang": tag, "dir": LANGUAGES[tag].direction}]
    assert page.title
    assert len(page.find("h1")) == 1
    assert len(page.find("main")) == 1


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
@pytest.mark.parametrize("view", views(HOSTILE), ids=lambda view: type(view).__name__)
def test_ad_14_names_never_become_markup(view: View, tag: str) -> None:
    html = PAGES.render(view, LANGUAGES[tag])
    assert b"<script>" not in html
    assert b"alert(1)</script>" not in html
    assert b"49" not in html
    page, plain = Structure(html), Structure(PAGES.render(_twin(view), LANGUAGES[tag]))
    assert [name for name, _ in page.tags] == [name for name, _ in plain.tags]
    for (_, attributes), (_, expected) in zip(page.tags, plain.tags, strict=True):
        assert set(attributes) == set(expected)


def _twin(view: View) -> View:
    return views("Shop")[[type(v) for v in views(HOSTILE)].index(type(view)) + _offset(view)]


def _offset(view: View) -> int:
    same = [v for v in views(HOSTILE) if type(v) is type(view)]
    return same.index(view)


@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_a_form_has_one_submit_or_a_pair_of_decisions(view: View) -> None:
    page = Structure(PAGES.render(view, LANGUAGES["en"]))
    for submits in page.forms:
        if len(submits) == 1:
            continue
        assert [submit["name"] for submit in submits] == ["decision", "decision"]
        assert {submit["value"] for submit in submits} == {"allow", "deny"}


@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_no_style_handler_or_inline_script(view: View) -> None:
    page = Structure(PAGES.render(view, LANGUAGES["en"]))
    for name, attributes in page.tags:
        assert name != "style"
        assert "style" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
    inline = [script for script in page.find("script") if "src" not in script]
    assert inline == ([{"nonce": "n"}] if isinstance(view, FormPostPage) else [])


@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_nothing_comes_from_elsewhere(view: View) -> None:
    page = Structure(PAGES.render(view, LANGUAGES["en"]))
    for name in ("script", "link", "img"):
        for attributes in page.find(name):
            source = attributes.get("src") or attributes.get("href") or "/"
            assert source.startswith("/static/") or source == "/"


def test_the_fields_have_the_names_that_others_rely_on() -> None:
    login = Structure(PAGES.render(LoginPage(**_FORM, remember=False), LANGUAGES["en"]))
    fields = {field["name"]: field for field in login.find("input")}
    assert set(fields) == {"form_token", "username", "password", "remember"}
    assert fields["username"]["autocomplete"] == "username"
    assert fields["password"]["autocomplete"] == "current-password"
    assert fields["password"]["type"] == "password"
    assert "maxlength" not in fields["password"]  # a paste is never cut
    assert "readonly" not in fields["username"]
    assert "checked" not in fields["remember"]


_FORM = {"site": "id.test", "client": "Shop", "action": "/login?flow=f", "token": "t"}


def test_the_title_of_an_error_says_so() -> None:
    failed = LoginPage(**_FORM, problem=Problem(key="wrong_credentials"))
    titles = {
        tag: Structure(PAGES.render(failed, language)).title for tag, language in LANGUAGES.items()
    }
    assert titles["en"] == "Error: Sign in · Shop"
    assert titles["de"] == "Fehler: Anmelden · Shop"
    good = Structure(PAGES.render(LoginPage(**_FORM), LANGUAGES["en"])).title
    assert good == "Sign in · Shop"


def test_wcag_4_1_3_an_error_is_announced_and_has_the_focus() -> None:
    problem = Problem(key="missing", fields=("username", "password"))
    page = Structure(PAGES.render(LoginPage(**_FORM, problem=problem), LANGUAGES["en"]))
    (alert,) = (attributes for _, attributes in page.tags if attributes.get("role") == "alert")
    assert "autofocus" in alert
    assert alert["tabindex"] == "-1"
    focused = [name for name, attributes in page.tags if "autofocus" in attributes]
    assert focused == ["div"]
    faulty = [field for field in page.find("input") if field.get("aria-invalid") == "true"]
    assert [field["name"] for field in faulty] == ["username", "password"]
    assert {field["aria-describedby"] for field in faulty} == {alert["id"]}


@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_every_field_has_a_label(view: View) -> None:
    html = PAGES.render(view, LANGUAGES["en"]).decode()
    page = Structure(html.encode())
    labelled = {label["for"] for label in page.find("label")}
    visible = {field["id"] for field in page.find("input") if field.get("type") != "hidden"}
    assert visible == labelled
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_a_page_weighs_little(view: View) -> None:
    assert len(PAGES.render(view, LANGUAGES["de"])) <= 6_000


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(KeyError):
        LANGUAGES["en"].text("no.such.text")
    with pytest.raises(KeyError):
        LANGUAGES["en"].text("login.lead")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Shop", "Shop"),
        ("Goog\u202ele", "Google"),
        ("Sh\u200bop\n\t", "Shop"),
        ("  A \r\n  B ", "A B"),
        ("🛒 Shop", "🛒 Shop"),
        ("", "shop-web"),
        ("\u202e\u200b", "shop-web"),
        ("x" * 64, "x" * 64),
        ("x" * 300, "x" * 63 + "…"),
    ],
)
def test_az_24_names_of_applications_are_made_fit_to_be_shown(name: str, shown: str) -> None:
    client = Client(client_id="shop-web", organization_id="acme", client_name=name)
    assert shown_name(client) == shown


@pytest.mark.parametrize(
    ("name", "initial"), [("alice", "A"), ("?! ömer", "Ö"), ("🛒", "·"), ("7up", "7")]
)
def test_the_letter_that_stands_for_an_account(name: str, initial: str) -> None:
    assert Account(session_id="s", name=name, login_name=name).initial == initial
