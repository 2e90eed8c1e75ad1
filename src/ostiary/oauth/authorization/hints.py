"""Steps for the parameters of OpenID Connect: how the person is met (Core 3.1.2.1)."""

from ostiary.jose.errors import JoseError
from ostiary.oauth.authorization.parameters import Facts, change
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.claims import within_scopes
from ostiary.oauth.claims_request import (
    parse_claims_request,
    requested_acr,
    requested_subjects,
)
from ostiary.oauth.errors import InvalidRequest, UnmetAuthenticationRequirements
from ostiary.oauth.message import read_locales
from ostiary.oauth.registry import ACR_VALUES, CREATE, PROMPTS

SECTION = "OpenID Connect Core 3.1.2.1"
MAX_AGE = 2**31 - 1
MAX_LOGIN_HINT = 512
MAX_VALUES = 20
_MAX_VALUE = 255
_AGE_DIGITS = 10


def read_prompts(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept the prompts that exist; `none` stands alone."""
    prompts = tuple(dict.fromkeys((facts.form.get("prompt") or "").split()))
    supported = (*PROMPTS, CREATE) if facts.can_register else PROMPTS
    if CREATE in prompts and not facts.can_register:
        raise InvalidRequest(
            "prompt=create is not supported: people cannot register themselves here. Leave it "
            "out to let them sign in.",
            rule="prompt-create",
            section="OpenID Connect Prompt Create 4",
            received="create",
            expected=" ".join(PROMPTS),
        )
    unknown = [prompt for prompt in prompts if prompt not in supported]
    if unknown:
        raise InvalidRequest(
            "The parameter prompt has a value that does not exist here; supported are "
            + ", ".join(supported),
            rule="prompt-unknown",
            section=SECTION,
            received=" ".join(unknown),
            expected=" ".join(supported),
        )
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequest(
            "prompt=none cannot be combined with other prompts: it asks for no page at all.",
            rule="prompt-none",
            section=SECTION,
            received=" ".join(prompts),
            expected="none",
        )
    return change(request, prompts=prompts) if prompts else request


def read_max_age(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept a whole number of seconds; the client's default where there is none."""
    text = facts.form.get("max_age")
    if text is None:
        default = facts.client.default_max_age
        return request if default is None else change(request, max_age=default)
    if not (text.isascii() and text.isdigit() and len(text) <= _AGE_DIGITS) or int(text) > MAX_AGE:
        raise InvalidRequest(
            "The parameter max_age must be a whole number of seconds, 0 or more.",
            rule="max-age-syntax",
            section=SECTION,
            received=text,
            expected=f"0 to {MAX_AGE}",
        )
    return change(request, max_age=int(text))


def read_claims(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept single claims of an OpenID request, and what they demand of the person.

    Claims that the client could not ask for by a scope are left out (Core 5.5.1).
    """
    text = facts.form.get("claims")
    if text is None or not request.openid:
        return request
    claims = parse_claims_request(text)
    values, essential = requested_acr(claims)
    if essential and not set(values).intersection(ACR_VALUES):
        raise UnmetAuthenticationRequirements(
            "Nobody can be authenticated here in the way that the essential acr claim demands.",
            rule="acr-unreachable",
            section="OpenID Connect Core 5.5.1.1",
            received=" ".join(values),
            expected=" ".join(ACR_VALUES),
        )
    permitted = within_scopes(claims, facts.client.allowed_scopes)
    return change(request, claims=permitted or None, subjects=requested_subjects(claims))


def read_acr_values(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Note voluntary wishes: those of the request, else those that the client registered."""
    wishes = (facts.form.get("acr_values") or "").split() or facts.client.default_acr_values
    values = tuple(wish for wish in dict.fromkeys(wishes) if len(wish) <= _MAX_VALUE)[:MAX_VALUES]
    return change(request, acr_values=values) if values else request


def read_id_token_hint(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Hold the request to the user of an ID token of this server, which may have expired.

    The token must have been issued to this client: whoever found another client's token
    learns nothing from it here.
    """
    token = facts.form.get("id_token_hint")
    if token is None:
        return request
    try:
        claims = facts.ring.verify(token, typ="JWT", now=facts.now, hint=True)
    except JoseError as error:
        raise _bad_hint(error.message) from None
    if claims.iss != facts.issuer or claims.sub is None:
        raise _bad_hint("it was issued by somebody else")
    if claims.exp is None:  # a signed userinfo answer has no end
        raise _bad_hint("it is another kind of token")
    if facts.client.client_id not in claims.aud:
        raise _bad_hint("it was issued to another client")
    if request.subjects is not None and claims.sub not in request.subjects:
        raise InvalidRequest(
            "The parameters id_token_hint and claims name different users.",
            rule="subject-conflict",
            section="OpenID Connect Core 3.1.2.2",
        )
    return change(request, subjects=(claims.sub,))


def _bad_hint(reason: str) -> InvalidRequest:
    return InvalidRequest(
        "The parameter id_token_hint is not an ID token that this server issued to this "
        f"client: {reason}.",
        rule="id-token-hint",
        section=SECTION,
    )


def read_login_hint(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept a name to sign in with."""
    hint = facts.form.get("login_hint")
    if hint is None:
        return request
    if len(hint) > MAX_LOGIN_HINT:
        raise InvalidRequest(
            f"The parameter login_hint is longer than {MAX_LOGIN_HINT} characters.",
            rule="parameter-length",
            section=SECTION,
            received=f"{len(hint)} characters",
            expected=f"at most {MAX_LOGIN_HINT}",
        )
    return change(request, login_hint=hint)


def read_ui_locales(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Note the languages that the client thinks the person reads; odd ones are ignored."""
    locales = read_locales(facts.form)
    return change(request, ui_locales=locales) if locales else request
