"""Additions: what single answers add to a rule, whatever the rule."""

from ostiary.advisor.conditions import on
from ostiary.advisor.rule import DAY, MINUTE, Addition, Refresh, Sender
from ostiary.model.client import AccessTokenType

ADDITIONS: dict[str, Addition] = {
    one.id: one
    for one in (
        Addition(
            id="login",
            when=on(purpose="login"),
            # Nobody but this server has to read it.
            settings={"access_token_type": AccessTokenType.OPAQUE.value},
            reasons=("opaque",),
            warnings=("id-token-no-key",),
            sources=("baier-openid", "zitadel-token-types"),
        ),
        Addition(
            id="apis",
            when=on(purpose="apis"),
            settings={"access_token_type": AccessTokenType.JWT.value},
            reasons=("jwt",),
            sources=("zitadel-token-types", "rfc9068"),
        ),
        Addition(
            id="away",
            when=on(purpose="away"),
            settings={"access_token_type": AccessTokenType.JWT.value},
            reasons=("jwt", "refresh"),
            public_warnings=("kept-safe",),
            sources=("cidaas-refresh", "zitadel-token-types", "rfc9068"),
        ),
        Addition(
            id="agent",
            when=on(who="agent"),
            lifetime=10 * MINUTE,
            refresh=Refresh(idle=7 * DAY, absolute=30 * DAY),
            settings={"require_consent": True},
            reasons=("one-audience", "asked-each"),
            warnings=("strangers", "no-wildcard"),
            sources=("mcp", "rfc8707"),
        ),
        Addition(
            id="impersonation",
            when=on(actor="hidden"),
            reasons=("rule-of-project",),
            warnings=("impersonation",),
            sources=("rfc8693-impersonation",),
        ),
        Addition(
            id="high",
            when=on(risk="high"),
            lifetime=5 * MINUTE,
            requests={"require_pushed_authorization_requests": True},
            method="private_key_jwt",
            sender=Sender.REQUIRED,
            reasons=("pushed", "key-not-secret", "bound"),
            public_warnings=("public-high",),
            sources=("cidaas-par", "rfc9126", "fapi2", "rfc9700-sender"),
            needs=("dpop", "fapi"),
        ),
    )
}
