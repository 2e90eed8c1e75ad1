"""One walk through a flow: what it knows, the next request, and what an answer says."""

import msgspec
from falcon.asgi import Response

from ostiary.jose import base64url
from ostiary.jose.keys import PrivateKey
from ostiary.model.sentence import Sentence
from ostiary.oauth.handle import random_text
from ostiary.oauth.message import Form
from ostiary.oauth.token.pkce import challenge_of
from ostiary.pages.playground import PATH, Field, PlaygroundPage, note_of
from ostiary.playground import sandbox, tokens
from ostiary.playground.breaks import Break
from ostiary.playground.flows import Flow
from ostiary.playground.message import SECRETS, Answer, Request
from ostiary.playground.step import Kind, Step
from ostiary.playground.tokens import Check, Inspection
from ostiary.playground.transcript import Text, preview
from ostiary.web.playground.keeping import Pending
from ostiary.web.playground.resource import Surroundings

# What a page takes along; all else follows from the flow.
_CARRIED = (
    *("state", "nonce", "verifier", "code", "access_token", "refresh_token"),
    *("first_refresh_token", "id_token", "request_uri", "device_code", "user_code"),
    *("verification_uri_complete", "assertion", "exchanged_token"),
)
_SHOWN_TOKENS = ("id_token", "access_token")
_ASSERTION_SECONDS = 300
_MAX_VALUE = 16_384

NOTHING_DIFFERED = Sentence("Nothing differed this time: the mistake was edited away.")
"""Of a mistake that only the client can notice, where it was not there."""


class Walk:
    """A flow with what is known so far."""

    def __init__(
        self, around: Surroundings, flow: Flow, broken: Break | None, known: dict[str, str]
    ) -> None:
        self.around = around
        self.flow = flow
        self.broken = broken
        self.known = known

    @classmethod
    def begin(cls, around: Surroundings, flow: Flow, broken: Break | None) -> "Walk":
        """Begin with new random values."""
        entropy = around.idp.entropy
        fresh = {name: random_text(entropy) for name in ("state", "nonce", "verifier")}
        return cls(around, flow, broken, fresh)

    @classmethod
    def go_on(cls, around: Surroundings, flow: Flow, broken: Break | None, form: Form) -> "Walk":
        """Go on with what a page took along."""
        given = {name: form.get(f"v.{name}") for name in _CARRIED}
        known = {name: value for name, value in given.items() if value and len(value) <= _MAX_VALUE}
        return cls(around, flow, broken, known)

    @classmethod
    def come_back(
        cls, around: Surroundings, flow: Flow, broken: Break | None, pending: Pending
    ) -> "Walk":
        """Go on with what a browser kept."""
        known = {"state": pending.state, "nonce": pending.nonce, "verifier": pending.verifier}
        return cls(around, flow, broken, known)

    def prepare(self, step: Step) -> Request:
        """Fill in the request of a step, with the mistake in it where there is one."""
        values = self._values(step)
        request = step.prepare(values)
        return request if self.broken is None else self.broken.spoil(step.id, request, values)

    def _values(self, step: Step) -> dict[str, str]:
        around, now = self.around, self.around.idp.clock.now()
        client_id = self.flow.client_at(step)
        verifier = self.known.get("verifier", "")
        return {
            **self.known,
            "issuer": around.idp.issuer,
            "home": around.home,
            "redirect_uri": around.redirect_uri,
            "client_id": client_id,
            "client_secret": around.sandbox.secrets.get(client_id, ""),
            "other_id": sandbox.BRIEF,
            "other_secret": around.sandbox.secrets[sandbox.BRIEF],
            "scope": self.flow.scope,
            "challenge": challenge_of(verifier) if verifier.isascii() else "",
            "stock": sandbox.audience_of(around.idp.issuer, sandbox.STOCK),
            "exp": str(now + _ASSERTION_SECONDS),
            "jti": random_text(around.idp.entropy),
        }

    def read(self, step: Step, form: Form) -> Request:
        """Return the request as it was edited."""
        drafted = self.prepare(step)
        names = dict.fromkeys(name for name, _ in (*step.parameters, *drafted.parameters))
        pairs = [(name, form.get(f"p.{name}") or "") for name in names]
        extra = form.get("extra.name")
        if extra is not None:
            pairs.append((extra, form.get("extra.value") or ""))
        basic = bearer = None
        client_id, secret = form.get("basic.id"), form.get("basic.secret")
        if client_id is not None or secret is not None:
            basic = (client_id or "", secret or "")
        bearer = form.get("bearer")
        return msgspec.structs.replace(drafted, parameters=tuple(pairs), basic=basic, bearer=bearer)

    def sign(self, request: Request) -> Answer:
        """Sign the claims of an assertion with the service's key."""
        claims: dict[str, object] = {name: value for name, value in request.parameters if value}
        exp = request.get("exp")
        if exp.isascii() and exp.isdecimal() and len(exp) < len("253402300800"):
            claims["exp"] = int(exp)
        return Answer(
            status=200,
            body=msgspec.json.encode(
                {"assertion": _sign(self.around.sandbox.key, claims)}
            ).decode(),
        )

    async def inspect(
        self, request: Request, answer: dict[str, object]
    ) -> tuple[tuple[str, Inspection], ...]:
        """Take the tokens of an answer apart, and hold them against what is known."""
        idp, known = self.around.idp, self.known
        ring, records = await idp.keys.ring(), await idp.store.read_signing_keys()
        first = request.get("grant_type") in {"authorization_code", ""}
        found = []
        for name in _SHOWN_TOKENS:
            token = answer.get(name)
            if not isinstance(token, str):
                continue
            mine = name == "id_token"
            access_token = answer.get("access_token", "")
            expected = tokens.Expected(
                issuer=idp.issuer,
                now=idp.clock.now(),
                client_id=self.flow.client if mine else "",
                nonce=known.get("nonce", "") if mine and first else "",
                access_token=access_token if mine and isinstance(access_token, str) else "",
                code=known.get("code", "") if mine else "",
            )
            found.append((name, tokens.inspect(token, expected, ring, records)))
        return tuple(found)

    def page(self, resp: Response, step: Step | None) -> PlaygroundPage:
        """Return the page with the request of a step."""
        if step is not None and step.kind is Kind.FRONT:
            self._keep(resp, step)
        waiting = step is not None and step.id in {"poll", "poll_at_once"}
        url = self.known.get("verification_uri_complete", "") if waiting else ""
        if waiting:
            code, now = self.known.get("user_code", ""), self.around.idp.clock.now()
            self.around.keeping.write_code(resp, code, now)
        way = [self.flow.step(name) for name in self.flow.steps]
        return PlaygroundPage(
            site=self.around.site,
            flow=self.flow,
            broken=self.broken,
            breaks=tuple(one for one in self.around.breaks.values() if one.flow == self.flow.id),
            steps=tuple((one, one.ready(self.known)) for one in way if one is not None),
            action=f"{PATH}/{self.flow.id}",
            known=tuple(self.known.items()),
            step=step,
            fields=() if step is None else self._fields(step),
            preview=() if step is None else self._preview(step),
            decide_url=url if url.startswith(f"{self.around.idp.issuer}/") else "",
            user_code=self.known.get("user_code", ""),
        )

    def _keep(self, resp: Response, step: Step) -> None:
        pending = Pending(
            flow=self.flow.id,
            step=step.id,
            broken="" if self.broken is None else self.broken.id,
            state=self.known.get("state", ""),
            nonce=self.known.get("nonce", ""),
            verifier=self.known.get("verifier", ""),
            at=self.around.idp.clock.now(),
        )
        self.around.keeping.write(resp, pending)

    def _preview(self, step: Step) -> Text:
        if step.kind is not Kind.FRONT:
            return ()
        request = self.prepare(step)
        return preview(request, self.around.courier.write(request))

    def _fields(self, step: Step) -> tuple[Field, ...]:
        request = self.prepare(step)
        fields: list[Field] = []
        if request.basic is not None:
            client_id, secret = request.basic
            fields = [
                Field(
                    name="basic.id",
                    label="client_id (Basic)",
                    value=client_id,
                    note=note_of("client_id"),
                ),
                Field(
                    name="basic.secret",
                    label="client_secret (Basic)",
                    value=secret,
                    secret=True,
                    note=note_of("client_secret"),
                ),
            ]
        elif request.bearer is not None:
            fields = [
                Field(
                    name="bearer",
                    label="Authorization: Bearer",
                    value=request.bearer,
                    secret=True,
                    note=note_of("access_token"),
                )
            ]
        # Where the browser goes by itself, the inputs are the parameters.
        prefix = "" if step.kind is Kind.FRONT else "p."
        fields += [
            Field(
                name=prefix + name,
                label=name,
                value=value,
                secret=name in SECRETS,
                note=note_of(name),
            )
            for name, value in request.parameters
        ]
        return tuple(fields)


def failed(checks: tuple[Check, ...]) -> bool:
    """Tell whether a client has to stop here."""
    return any(one.good is False for one in checks)


def _sign(key: PrivateKey, claims: dict[str, object]) -> str:
    header = {"alg": str(key.alg), "kid": key.kid}
    parts = (base64url.encode(msgspec.json.encode(one)) for one in (header, claims))
    signed = ".".join(parts)
    return f"{signed}.{base64url.encode(key.sign(signed.encode('ascii')))}"
