"""Doors for what cannot do better: each with the guard rails that it stands between."""

from typing import Any

from ostiary.advisor.conditions import on
from ostiary.advisor.rule import DAY, ClientType, Refresh, Rule, Sender
from ostiary.model.client import AppType
from ostiary.oauth import legacy

_SECRET = ("client_secret_basic", "client_secret_post")
_WEB: dict[str, Any] = {
    "type": AppType.WEB.value,
    "token_endpoint_auth_method": "client_secret_basic",
}
_BROWSER: dict[str, Any] = {
    "type": AppType.USER_AGENT.value,
    "token_endpoint_auth_method": "none",
}
_WHILE_AWAY = Refresh(idle=14 * DAY, absolute=90 * DAY)
_FORM = "e2e/test_openid_client.py::test_openid_client_signs_in_by_form_post_of_an_old_flow"
_ADVISED = "e2e/test_advised_legacy.py"

LEGACY: tuple[Rule, ...] = (
    Rule(
        id="legacy-no-pkce",
        flow="code",
        when=(on(legacy="no-pkce"),),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt", *_SECRET),
        settings={
            **_WEB,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "require_pkce": False,
        },
        drawing="code",
        refresh=_WHILE_AWAY,
        reasons=("library-cannot", "keeps-secret"),
        warnings=("legacy", "interception", "check-answer"),
        sources=("cidaas-code", "rfc9700-pkce", "zitadel-unfit"),
        proof=(f"{_ADVISED}::test_authlib_signs_in_without_pkce",),
        legacy=True,
    ),
    Rule(
        id="legacy-id-token",
        flow="implicit",
        when=(on(legacy="implicit", purpose="login"),),
        client=ClientType.PUBLIC,
        methods=("none",),
        settings={
            **_BROWSER,
            "grant_types": [legacy.IMPLICIT],
            "response_types": ["id_token"],
            "response_modes": ["form_post"],
            "id_token_lifetime": 300,
        },
        drawing="implicit",
        sender=Sender.NO,
        reasons=("library-cannot", "id-token-only"),
        warnings=("legacy", "nonce"),
        sources=("auth0-form-post", "zitadel-implicit", "rfc9700-front", "zitadel-unfit"),
        fallbacks=("legacy-hybrid",),
        proof=(
            _FORM,
            (
                "e2e/test_express_openid_connect.py"
                "::test_s4_05_express_openid_connect_signs_in_by_its_default_flow"
            ),
        ),
        legacy=True,
    ),
    Rule(
        id="legacy-token",
        flow="implicit",
        when=(on(legacy="implicit", purpose="apis"),),
        client=ClientType.PUBLIC,
        methods=("none",),
        settings={
            **_BROWSER,
            "grant_types": [legacy.IMPLICIT],
            "response_types": ["id_token token"],
            "response_modes": ["fragment"],
        },
        drawing="implicit",
        sender=Sender.NO,
        reasons=("library-cannot", "migration-only"),
        warnings=("legacy", "token-in-front", "nonce", "script"),
        sources=("baier-implicit", "zitadel-implicit", "rfc9700-front", "zitadel-unfit"),
        fallbacks=("legacy-id-token",),
        proof=(f"{_ADVISED}::test_authlib_takes_a_token_from_the_fragment",),
        legacy=True,
    ),
    Rule(
        id="legacy-hybrid",
        flow="hybrid",
        when=(on(legacy="hybrid"),),
        client=ClientType.CONFIDENTIAL,
        methods=_SECRET,
        settings={
            **_WEB,
            "grant_types": ["authorization_code", legacy.IMPLICIT],
            "response_types": ["code id_token"],
            "response_modes": ["form_post"],
        },
        drawing="hybrid",
        refresh=_WHILE_AWAY,
        reasons=("library-cannot", "id-token-first", "keeps-secret"),
        warnings=("legacy", "c-hash", "nonce"),
        sources=("baier-hybrid", "auth0-hybrid", "baier-ranking", "rfc9700-pkce", "zitadel-unfit"),
        fallbacks=("legacy-id-token",),
        proof=(
            _FORM,
            (
                "e2e/test_express_openid_connect.py"
                "::test_s4_06_express_openid_connect_signs_in_by_the_hybrid_flow"
            ),
        ),
        legacy=True,
    ),
    Rule(
        id="legacy-password",
        flow="password",
        when=(on(legacy="password"),),
        client=ClientType.CONFIDENTIAL,
        methods=_SECRET,
        settings={**_WEB, "grant_types": [legacy.PASSWORD]},
        drawing="password",
        redirects=False,
        sender=Sender.NO,
        refresh=_WHILE_AWAY,
        reasons=("no-redirect",),
        warnings=("legacy", "password-seen", "second-factor"),
        sources=("auth0-password", "rfc9700-password", "baier-dropped", "zitadel-unfit"),
        fallbacks=("device", "ciba"),
        proof=("e2e/test_authlib.py::test_s4_09_authlib_gets_tokens_by_the_password_grant",),
        legacy=True,
    ),
    Rule(
        id="legacy-hs256",
        flow="code-pkce",
        when=(on(legacy="hs256"),),
        client=ClientType.CONFIDENTIAL,
        methods=_SECRET,
        settings={},
        drawing="code",
        reasons=("library-cannot",),
        warnings=("legacy", "shared-key"),
        sources=("rfc8725", "zitadel-unfit"),
        needs=("hs256",),
        nearest="web",
        legacy=True,
    ),
    Rule(
        id="legacy-saml",
        flow="saml",
        when=(on(legacy="saml"),),
        client=ClientType.CONFIDENTIAL,
        methods=_SECRET,
        settings={},
        drawing="code",
        reasons=("library-cannot",),
        warnings=("legacy", "gateway"),
        sources=("zitadel-saml", "zitadel-unfit"),
        needs=("saml",),
        nearest="web",
        legacy=True,
    ),
)
