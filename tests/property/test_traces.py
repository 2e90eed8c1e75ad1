"""Whatever is sent, its trace can be made: an answer that was given is never spoilt by it."""

import base64
from urllib.parse import urlencode

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from ostiary.model.event import Source
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.errors import InvalidGrant, OAuthError
from ostiary.oauth.message import Form, parse_form
from ostiary.web.recorder import Clues
from ostiary.web.traced import Asked, client_of, note_answer, note_origin, note_refusal

NAMES = st.sampled_from(
    [
        *("client_id", "client_secret", "client_assertion", "client_assertion_type", "code"),
        *("code_verifier", "code_challenge", "code_challenge_method", "redirect_uri", "token"),
        *("refresh_token", "request_uri", "scope", "grant_type", "resource", "device_code"),
        *("assertion", "login_hint", "id_token_hint"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["", "S256", "eyJhbGciOiJub25lIn0.e30.", "urn:ietf:params:oauth:request_uri:x"]
    ),
)
FORMS = st.lists(st.tuples(NAMES | st.text(max_size=60), VALUES), max_size=30)
HEADERS = st.one_of(
    st.none(),
    st.text(max_size=80),
    st.binary(max_size=80).map(lambda raw: "Basic " + base64.b64encode(raw).decode()),
)
ERRORS = st.builds(
    InvalidGrant,
    st.text(max_size=700),
    rule=st.sampled_from(["", "pkce-mismatch", "redirect-uri-mismatch", "new"]),
    received=st.none() | st.text(max_size=300),
    expected=st.none() | st.text(max_size=300),
    detail=st.none() | st.text(max_size=30),
) | st.builds(FlowRefused, st.sampled_from(["flow_unknown", "flow_expired"]), st.just(400))


class Kept:
    """Keeps what it is given."""

    kept = True

    def __init__(self) -> None:
        self.notes: list[tuple[Trace, Clues]] = []

    def wants(self, key: str, now: int) -> bool:
        return bool(isinstance(key, str) and now)

    def may_record(self, client_id: str | None, now: int) -> bool:
        return bool(client_id and now)

    def note(self, trace: Trace, clues: Clues, *, tentative: bool = False) -> bool:
        assert tentative in {True, False}
        self.notes.append((trace, clues))
        return True

    async def flush(self) -> None:
        """Have nothing to write."""


def read(pairs: list[tuple[str, str]]) -> Form:
    try:
        return parse_form(urlencode(pairs, errors="replace").encode())
    except OAuthError:
        return Form({})


@given(FORMS, HEADERS, ERRORS, st.sampled_from(Endpoint), st.none() | st.text(max_size=300))
@example(
    [("code_verifier", "\x80")],
    None,
    InvalidGrant("It is another one.", rule="pkce-mismatch", received="a", expected="b"),
    Endpoint.TOKEN,
    None,
)
def test_every_request_has_its_trace(pairs, authorization, error, endpoint, origin):
    form = read(pairs)
    asked = Asked(
        endpoint=endpoint,
        source=Source(ip="192.0.2.1", user_agent="x", trace_id="t"),
        now=1,
        form=form,
        authorization=authorization,
        origin=origin,
    )
    traces = Kept()
    note_refusal(traces, asked, error)
    note_answer(traces, asked, {"active": False})
    note_origin(traces, asked)
    assert len(traces.notes) == 3
    for trace, _ in traces.notes:
        text = msgspec.json.encode(trace).decode()
        assert len(text) < 40_000
        assert text.replace("…", "").isprintable()
        assert msgspec.convert(msgspec.to_builtins(trace), Trace) == trace


@given(st.text(min_size=1, max_size=60), st.text(max_size=60))
def test_the_client_of_basic_credentials_is_found(client_id, secret):
    """As a client encodes them (RFC 6749, 2.3.1)."""
    encoded = (
        urlencode({"": client_id}, errors="replace")[1:],
        urlencode({"": secret}, errors="replace")[1:],
    )
    header = "Basic " + base64.b64encode(":".join(encoded).encode()).decode()
    expected = client_id.encode("utf-8", "replace").decode()
    assert client_of(Form({}), header) == expected
