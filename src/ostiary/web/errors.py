"""Pages for what goes wrong: what happened, what to do, and an id to ask about.

Nothing that a stranger sent is shown, and nothing of how the server works inside.
"""

import re
import traceback
from datetime import UTC, datetime
from urllib.parse import urlsplit

import falcon
import msgspec
import structlog
from falcon.asgi import App, Request, Response

from ostiary.model.client import Client
from ostiary.oauth.authorization.pending import FlowRefused, TooManyPending
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.pages.branding import find_brand
from ostiary.pages.languages import Language, accepted_languages, choose_language
from ostiary.pages.text import shown_name
from ostiary.pages.views import Brand, ErrorPage
from ostiary.web.api import problems
from ostiary.web.csrf import Forged
from ostiary.web.explained import find_explanation
from ostiary.web.idp import Idp
from ostiary.web.links import entrance_of

HTML = "text/html; charset=utf-8"
RETRY_AFTER = 5

_UNVERIFIED = 400
_TOO_LARGE = 413
_UNSUPPORTED = 415
_MISDIRECTED = 421
_TOO_MANY = 429
_UNAVAILABLE = 503
_SERVER_ERROR = 500

# What programs are told where nobody said it better.
_DESCRIPTIONS = {
    404: "Nothing is served at this path; /.well-known/openid-configuration names the endpoints.",
    405: "This path does not take this method; the header Allow names those that it takes.",
    _UNAVAILABLE: "The server cannot answer now; send the same request again in a few seconds.",
    _SERVER_ERROR: "The server made a mistake; its log tells more under the id {trace_id}.",
}

# Parameters whose name an error page may show: never one that a stranger made up.
_PARAMETERS = re.compile(
    r"\b(client_id|redirect_uri|response_type|response_mode|scope|state|nonce|prompt|max_age|"
    r"login_hint|id_token_hint|acr_values|claims|ui_locales|display|code_challenge|"
    r"code_challenge_method|resource|request|request_uri|flow)\b"
)

# Below these, programs ask and get JSON; the endpoints that browsers visit are excepted.
_PROGRAMS = ("/oauth/v2/", "/oidc/v1/", "/.well-known/", "/api/v1", "/health/")
# Of these, the management API answers with problem details (RFC 9457).
_MANAGEMENT = "/api/v1"
_VISITED = ("/oauth/v2/authorize", "/oidc/v1/end_session", "/oidc/v1/check_session")

_log = structlog.get_logger("ostiary.web")


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What an error page tells. `reason` names the texts; the rest is for support."""

    status: int
    reason: str
    client: Client | None = None
    code: str | None = None
    parameter: str | None = None
    description: str | None = None
    retry_after: int | None = None


UNEXPECTED = Failure(status=500, reason="unexpected")


def read_language(request: Request, *wanted: str | None) -> Language:
    """Choose a page's language: what is wanted first, then what the browser accepts."""
    accepted = accepted_languages(request.get_header("Accept-Language"))
    return choose_language((*(tag for tag in wanted if tag), *accepted))


def is_page(path: str) -> bool:
    """Tell whether a person looks at what this path answers."""
    return path.startswith(_VISITED) or not path.startswith(_PROGRAMS)


def describe(error: OAuthError) -> Failure:
    """Word an error whose sender is not proven, so that it cannot be told to the client."""
    if isinstance(error, TooManyPending):
        return Failure(status=_TOO_MANY, reason="crowded", retry_after=RETRY_AFTER)
    if isinstance(error, TemporarilyUnavailable):
        return Failure(status=_UNAVAILABLE, reason="unavailable", retry_after=RETRY_AFTER)
    if error.status == _TOO_LARGE:
        return Failure(status=_TOO_LARGE, reason="too_large")
    if error.status == _UNSUPPORTED:
        return Failure(status=_UNSUPPORTED, reason="media_type")
    named = _PARAMETERS.search(error.description)
    # A description that repeats what was received is for the trace, not for this page.
    echoes = error.received is not None and error.received in error.description
    return Failure(
        status=_UNVERIFIED,
        reason="request_invalid",
        code=error.error,
        parameter=named.group() if named else None,
        description=None if echoes else error.description,
    )


def encode_failure(failure: Failure, trace_id: str) -> bytes:
    """Tell a failure to a program."""
    error = "server_error" if failure.status >= _SERVER_ERROR else "invalid_request"
    answer = {"error": failure.code or error}
    description = failure.description or _DESCRIPTIONS.get(failure.status, "")
    if description:
        answer["error_description"] = description.replace("{trace_id}", trace_id)
    return msgspec.json.encode(answer)


_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    _TOO_LARGE: "too_large",
    _UNSUPPORTED: "unsupported_media_type",
    _MISDIRECTED: "misdirected",
    _UNAVAILABLE: "unavailable",
}


def _encode_problem(failure: Failure, trace_id: str) -> bytes:
    """Tell a failure to a program that manages."""
    default = "internal" if failure.status >= _SERVER_ERROR else "invalid_request"
    code = _CODES.get(failure.status, default)
    return problems.encode_problem(
        failure.status, code, failure.description or problems.CODES[code], trace_id
    )


class ErrorPages:
    """Renders failures, and answers what resources raise."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._site = urlsplit(idp.issuer).netloc

    def install(self, app: App[Request, Response]) -> None:
        """Answer everything that resources of pages raise."""
        app.add_error_handler(Exception, self._on_unexpected)
        app.add_error_handler(falcon.HTTPError, self._on_http_error)
        app.add_error_handler(Unavailable, self._on_unavailable)
        app.add_error_handler(OAuthError, self._on_oauth_error)
        app.add_error_handler(FlowRefused, self._on_flow_refused)
        app.add_error_handler(Forged, self._on_forged)

    async def show(self, request: Request, response: Response, failure: Failure) -> None:
        """Answer with an error page, or in JSON where a program asks."""
        response.status = failure.status
        if failure.retry_after is not None:
            response.set_header("Retry-After", str(failure.retry_after))
        if request.path.startswith(_MANAGEMENT):
            response.content_type = problems.MEDIA_TYPE
            response.data = _encode_problem(failure, request.context.trace_id)
            return
        if not is_page(request.path):
            response.content_type = falcon.MEDIA_JSON
            response.data = encode_failure(failure, request.context.trace_id)
            return
        client = failure.client
        page = ErrorPage(
            site=self._site,
            reason=failure.reason,
            client=shown_name(client) if client else None,
            back_url=entrance_of(client, self._idp.issuer) if client else None,
            code=failure.code,
            parameter=failure.parameter,
            description=failure.description,
            trace_id=request.context.trace_id,
            time=datetime.fromtimestamp(self._idp.clock.now(), UTC).strftime("%Y-%m-%d %H:%M UTC"),
            explanation_url=await self._find_explanation(request),
        )
        language = read_language(request)
        brand = await self._find_brand(failure, language)
        response.content_type = HTML
        response.data = self._idp.pages.render(msgspec.structs.replace(page, brand=brand), language)

    async def _find_explanation(self, request: Request) -> str | None:
        """Return where the failure of a protocol request is explained, for whoever may see it."""
        if not request.path.startswith(_VISITED):
            return None
        return await find_explanation(self._idp, request)

    async def _find_brand(self, failure: Failure, language: Language) -> Brand:
        """Return how the page looks; as we make it, where something of ours is broken."""
        if failure.status >= _SERVER_ERROR:
            return Brand()
        try:
            return await find_brand(self._idp.store, None, failure.client, language.tag)
        except Unavailable:
            return Brand()

    async def _on_flow_refused(
        self, req: Request, resp: Response, error: FlowRefused, _params: object
    ) -> None:
        await self.show(
            req,
            resp,
            Failure(status=error.status, reason=error.reason, code=error.code, client=error.client),
        )

    async def _on_forged(
        self, req: Request, resp: Response, _error: Forged, _params: object
    ) -> None:
        await self.show(req, resp, Failure(status=403, reason="forged", code="form_refused"))

    async def _on_oauth_error(
        self, req: Request, resp: Response, error: OAuthError, _params: object
    ) -> None:
        await self.show(req, resp, describe(error))

    async def _on_unavailable(
        self, req: Request, resp: Response, _error: Unavailable, _params: object
    ) -> None:
        failure = Failure(status=_UNAVAILABLE, reason="unavailable", retry_after=RETRY_AFTER)
        await self.show(req, resp, failure)

    async def _on_http_error(
        self, req: Request, resp: Response, error: falcon.HTTPError, _params: object
    ) -> None:
        reason = {404: "not_found", 405: "method", _TOO_LARGE: "too_large"}.get(
            error.status_code, "request_refused"
        )
        if error.headers:
            resp.set_headers(error.headers)
        description = None
        if error.status_code == _MISDIRECTED:
            description = (
                f"The header Host must name {self._site}, the host of public_url. "
                "A proxy in front has to pass on the one that it received."
            )
        failure = Failure(status=error.status_code, reason=reason, description=description)
        await self.show(req, resp, failure)

    async def _on_unexpected(
        self, req: Request, resp: Response, error: Exception, _params: object
    ) -> None:
        # Formatted here: without the values of local variables, which may be secrets.
        trace = "".join(traceback.format_exception(error))
        _log.error("unexpected_error", trace_id=req.context.trace_id, traceback=trace)
        await self.show(req, resp, UNEXPECTED)
