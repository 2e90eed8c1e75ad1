"""Rules for machines, and for services that act for a person."""

from ostiary.advisor.conditions import on
from ostiary.advisor.rule import MINUTE, ClientType, Door, Rule, Sender
from ostiary.model.client import AppType
from ostiary.oauth.grants import client_credentials, token_exchange

_JOB = 10 * MINUTE
_EXCHANGE = {
    "type": AppType.API.value,
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": [token_exchange.grant_type],
}
_CHAIN = "e2e/test_oauth4webapi.py::test_oauth4webapi_exchanges_tokens_along_a_chain_of_apis"

MACHINES: tuple[Rule, ...] = (
    Rule(
        id="m2m-federation",
        flow="jwt-bearer",
        when=(on(who="nobody", credential="platform"),),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt",),
        settings={},
        drawing="machine-jwt",
        lifetime=_JOB,
        people=False,
        redirects=False,
        sender=Sender.NO,
        reasons=("nobody-there", "no-new-secret"),
        warnings=("wildcard",),
        sources=("zitadel-machine", "rfc7523-grant", "rfc8693"),
        fallbacks=("m2m-key", "m2m-file", "m2m-mtls", "m2m-secret"),
        needs=("federation",),
        nearest="m2m-key",
    ),
    Rule(
        id="m2m-key",
        flow="client-credentials",
        when=(
            on(who="nobody", credential="key"),
            # High risk leaves no room for a secret that two sides know.
            on(who="nobody", credential="secret", risk="high"),
        ),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt",),
        settings={"token_endpoint_auth_method": "private_key_jwt"},
        drawing="machine",
        lifetime=_JOB,
        door=Door.SERVICE_ACCOUNT,
        people=False,
        redirects=False,
        reasons=("nobody-there", "key-stays", "audience"),
        warnings=("key-end",),
        sources=(
            *("zitadel-machine", "baier-machine", "cidaas-machine", "auth0-machine"),
            *("rfc7523-client", "rfc6749-no-refresh"),
        ),
        fallbacks=("m2m-file", "m2m-mtls", "m2m-secret"),
        proof=(
            (
                "e2e/test_oauth4webapi.py"
                "::test_oauth4webapi_signs_a_service_account_in_by_private_key_jwt"
            ),
        ),
    ),
    Rule(
        id="m2m-file",
        flow="jwt-bearer",
        when=(on(who="nobody", credential="file"),),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt",),
        settings={"token_endpoint_auth_method": "private_key_jwt"},
        drawing="machine-jwt",
        lifetime=_JOB,
        door=Door.SERVICE_ACCOUNT,
        people=False,
        redirects=False,
        reasons=("nobody-there", "key-made-here", "audience"),
        warnings=("key-file", "key-end"),
        sources=("zitadel-machine", "rfc7523-grant"),
        fallbacks=("m2m-key", "m2m-secret"),
        proof=(
            "e2e/test_go_oidc.py::test_go_gets_a_machine_token_by_the_key_of_a_service_account",
        ),
    ),
    Rule(
        id="m2m-mtls",
        flow="client-credentials",
        when=(on(who="nobody", credential="certificate"),),
        client=ClientType.CONFIDENTIAL,
        methods=("tls_client_auth", "self_signed_tls_client_auth"),
        settings={},
        drawing="machine",
        lifetime=_JOB,
        people=False,
        redirects=False,
        sender=Sender.REQUIRED,
        reasons=("nobody-there", "certificate-bound"),
        warnings=("proxy",),
        sources=("rfc8705", "rfc6749-no-refresh"),
        fallbacks=("m2m-key", "m2m-file", "m2m-secret"),
        needs=("mtls",),
        nearest="m2m-key",
    ),
    Rule(
        id="m2m-secret",
        flow="client-credentials",
        when=(on(who="nobody", credential="secret", risk="normal"),),
        client=ClientType.CONFIDENTIAL,
        methods=("client_secret_basic", "client_secret_post"),
        settings={
            "type": AppType.API.value,
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": [client_credentials.grant_type],
        },
        drawing="machine",
        lifetime=_JOB,
        people=False,
        redirects=False,
        sender=Sender.NO,
        reasons=("nobody-there", "secret-only", "audience"),
        warnings=("secret-leaks",),
        sources=(
            *("baier-machine", "cidaas-machine", "auth0-machine", "zitadel-machine"),
            "rfc6749-no-refresh",
        ),
        fallbacks=("m2m-file", "m2m-key"),
        proof=(
            (
                "e2e/test_openid_client.py"
                "::test_openid_client_gets_a_machine_token_by_client_credentials"
            ),
            "e2e/test_go_oidc.py::test_go_oidc_gets_a_machine_token_by_client_credentials",
        ),
    ),
    Rule(
        id="exchange",
        flow="token-exchange",
        when=(on(who="service", domain="same"),),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt", "client_secret_basic"),
        settings=_EXCHANGE,
        drawing="exchange",
        people=False,
        redirects=False,
        reasons=("on-behalf", "narrower"),
        warnings=("not-forwarded",),
        sources=("cidaas-exchange", "baier-delegation", "rfc8693"),
        fallbacks=("m2m-key",),
        proof=(_CHAIN,),
    ),
    Rule(
        id="exchange-across",
        flow="token-exchange",
        when=(on(who="service", domain="other"),),
        client=ClientType.CONFIDENTIAL,
        methods=("private_key_jwt", "client_secret_basic"),
        settings={},
        drawing="exchange",
        people=False,
        redirects=False,
        reasons=("on-behalf", "two-servers"),
        warnings=("experimental", "not-forwarded"),
        sources=("rfc8693", "rfc7523-grant"),
        fallbacks=("exchange", "m2m-key"),
        needs=("chaining",),
        nearest="exchange",
    ),
)
