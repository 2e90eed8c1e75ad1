"""The rules: exactly one of them holds for whatever is answered.

Those for people are here; for machines, services and what is old they are beside this file.
"""

from typing import Any

from ostiary.advisor.conditions import on
from ostiary.advisor.legacy_rules import LEGACY
from ostiary.advisor.machine_rules import MACHINES
from ostiary.advisor.rule import DAY, HOUR, MINUTE, ClientType, Refresh, Rule, Sender
from ostiary.model.client import AppType
from ostiary.oauth.grants import device_code

_HUMAN = ("person", "agent")
_ALWAYS = frozenset({"apis", "away"})
_SECRET_OR_KEY = ("private_key_jwt", "client_secret_basic", "client_secret_post")
_CODE: dict[str, Any] = {"grant_types": ["authorization_code"], "response_types": ["code"]}
_WEB: dict[str, Any] = {
    "type": AppType.WEB.value,
    "token_endpoint_auth_method": "client_secret_basic",
    **_CODE,
}
_NATIVE: dict[str, Any] = {
    "type": AppType.NATIVE.value,
    "token_endpoint_auth_method": "none",
    **_CODE,
}
_ON_SERVER = Refresh(idle=14 * DAY, absolute=90 * DAY)
_NATIVE_TESTS = (
    "e2e/test_oauth4webapi.py::test_oauth4webapi_signs_in_a_native_client_on_a_port_of_its_own",
    "e2e/test_go_oidc.py::test_go_oidc_signs_in_as_a_public_native_client",
)

PEOPLE: tuple[Rule, ...] = (
    Rule(
        id="web",
        flow="code-pkce",
        when=(on(who=_HUMAN, where="server", legacy="none"),),
        client=ClientType.CONFIDENTIAL,
        methods=_SECRET_OR_KEY,
        settings=_WEB,
        drawing="code",
        refresh=_ON_SERVER,
        reasons=("two-questions", "keeps-secret", "pkce-always", "back-channel", "openid"),
        warnings=("check-answer", "storage"),
        sources=(
            *("zitadel-pkce", "zitadel-types", "zitadel-key", "cidaas-code", "auth0-code"),
            *("baier-hybrid", "baier-openid", "rfc9700-pkce", "rfc9207"),
        ),
        fallbacks=("legacy-no-pkce", "legacy-hybrid", "legacy-id-token", "legacy-password"),
        proof=(
            "e2e/test_authlib.py::test_authlib_signs_in_by_client_secret_basic_its_default",
            "e2e/test_openid_client.py::test_openid_client_signs_in_by_private_key_jwt",
        ),
    ),
    Rule(
        id="bff",
        flow="code-pkce",
        when=(on(who=_HUMAN, where="browser", backend="yes", legacy="none"),),
        client=ClientType.CONFIDENTIAL,
        methods=_SECRET_OR_KEY,
        settings=_WEB,
        drawing="bff",
        refresh=_ON_SERVER,
        reasons=("tokens-on-server", "keeps-secret", "pkce-always", "openid"),
        warnings=("same-site", "check-answer", "storage"),
        sources=(
            *("rfc10017", "cidaas-exchange", "zitadel-pkce", "baier-proxy", "baier-implicit"),
            "rfc9700-pkce",
        ),
        fallbacks=("spa", "legacy-id-token"),
        proof=(
            (
                "e2e/test_documented_examples.py"
                "::test_the_web_application_of_the_documentation_signs_in"
            ),
            "e2e/test_serve_dev.py::test_no_token_is_in_the_page_or_readable_in_the_cookie",
        ),
    ),
    Rule(
        id="spa",
        flow="code-pkce",
        when=(on(who=_HUMAN, where="browser", backend="no", legacy="none"),),
        client=ClientType.PUBLIC,
        methods=("none",),
        settings={
            "type": AppType.USER_AGENT.value,
            "token_endpoint_auth_method": "none",
            **_CODE,
        },
        drawing="spa",
        sender=Sender.RECOMMENDED,
        refresh=Refresh(purposes=_ALWAYS, idle=2 * HOUR, absolute=DAY),
        reasons=("two-questions", "no-secret", "pkce-always", "rotation", "openid"),
        warnings=("script", "storage", "check-answer", "frames"),
        sources=(
            *("zitadel-pkce", "zitadel-types", "cidaas-pkce", "auth0-pkce", "baier-implicit"),
            *("rfc10017", "rfc9700-front", "rfc9700-refresh", "rfc9449"),
        ),
        fallbacks=("bff", "legacy-id-token", "legacy-token"),
        proof=(
            "e2e/test_oidc_client_ts.py::test_oidc_client_ts_signs_in_refreshes_and_reads_userinfo",
        ),
    ),
    Rule(
        id="native",
        flow="code-pkce",
        when=(on(who=_HUMAN, where="app", legacy="none"),),
        client=ClientType.PUBLIC,
        methods=("none",),
        settings=_NATIVE,
        drawing="native",
        lifetime=15 * MINUTE,
        refresh=Refresh(purposes=_ALWAYS, idle=30 * DAY, absolute=90 * DAY),
        reasons=("two-questions", "no-secret", "pkce-always", "system-browser", "openid"),
        warnings=("web-view", "baked-secret", "no-password-form", "check-answer"),
        sources=(
            *("zitadel-pkce", "cidaas-pkce", "auth0-pkce", "baier-native", "baier-secret"),
            *("rfc8252", "rfc8252-secret"),
        ),
        fallbacks=("device",),
        proof=_NATIVE_TESTS,
    ),
    Rule(
        id="cli",
        flow="code-pkce",
        when=(on(who=_HUMAN, where="terminal", browser="yes", legacy="none"),),
        client=ClientType.PUBLIC,
        methods=("none",),
        settings=_NATIVE,
        drawing="native",
        lifetime=15 * MINUTE,
        refresh=Refresh(purposes=_ALWAYS, idle=30 * DAY, absolute=90 * DAY),
        reasons=("no-secret", "loopback", "pkce-always", "person-not-machine", "openid"),
        warnings=("keyring", "baked-secret", "no-password-form", "check-answer"),
        sources=("rfc8252", "zitadel-pkce", "auth0-machine", "rfc8252-secret"),
        fallbacks=("device",),
        proof=_NATIVE_TESTS,
    ),
    Rule(
        id="device",
        flow="device",
        when=(
            on(who=_HUMAN, where="device", legacy="none"),
            on(who=_HUMAN, where="terminal", browser="no", legacy="none"),
        ),
        client=ClientType.PUBLIC,
        methods=("none", "private_key_jwt", "client_secret_basic"),
        settings={
            "type": AppType.DEVICE.value,
            "token_endpoint_auth_method": "none",
            "grant_types": [device_code.grant_type],
        },
        drawing="device",
        lifetime=15 * MINUTE,
        redirects=False,
        refresh=Refresh(purposes=_ALWAYS, idle=90 * DAY, absolute=180 * DAY),
        reasons=("second-device", "no-secret", "openid"),
        warnings=("phishing", "baked-secret"),
        sources=("cidaas-device", "auth0-device", "rfc8628"),
        fallbacks=("ciba", "cli"),
        proof=(
            "e2e/test_openid_client.py::test_openid_client_signs_in_on_a_device",
            "e2e/test_go_oidc.py::test_go_signs_in_on_a_device",
        ),
    ),
    Rule(
        id="ciba",
        flow="ciba",
        when=(on(who=_HUMAN, where="elsewhere", legacy="none"),),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt",),
        settings={},
        drawing="ciba",
        redirects=False,
        sender=Sender.RECOMMENDED,
        reasons=("person-elsewhere", "keeps-secret", "openid"),
        warnings=("push-fatigue",),
        sources=("ciba-core", "rfc8628"),
        fallbacks=("device",),
        needs=("ciba",),
        nearest="device",
    ),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in (*PEOPLE, *MACHINES, *LEGACY)}
"""All rules by their id: people first, then machines, then what is old."""
