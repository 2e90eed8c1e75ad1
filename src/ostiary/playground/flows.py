"""The flows that can be tried, each as a way through the steps."""

import msgspec

from ostiary.playground import sandbox
from ostiary.playground.step import Step
from ostiary.playground.steps import STEPS


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A way from the first request to the last."""

    id: str
    title: str
    text: str
    client: str
    steps: tuple[str, ...]
    scope: str = ""
    # Whether it is no longer recommended.
    old: bool = False
    # The client that acts from a step on, where another one takes over.
    takes_over: tuple[str, str] | None = None

    def step(self, step_id: str) -> Step | None:
        """Return one of its steps."""
        return STEPS[step_id] if step_id in self.steps else None

    def after(self, step: Step) -> Step | None:
        """Return the step after this one, if there is one."""
        place = self.steps.index(step.id) + 1
        return STEPS[self.steps[place]] if place < len(self.steps) else None

    def client_at(self, step: Step) -> str:
        """Return the client that sends a step's request."""
        if self.takes_over is None:
            return self.client
        first, client = self.takes_over
        reached = self.steps.index(step.id) >= self.steps.index(first)
        return client if reached else self.client


_PERSON = "openid profile email offline_access"
_BOTH = f"{sandbox.ORDERS} {sandbox.STOCK}"

_FLOWS = (
    Flow(
        id="code",
        title="Authorization code with PKCE",
        text="A web application with a server signs people in. After that: userinfo, refresh, "
        "introspection, revocation and sign-out.",
        client=sandbox.WEB,
        scope=_PERSON,
        steps=(
            *("authorize", "redeem", "userinfo", "refresh"),
            *("introspect", "revoke", "logout"),
        ),
    ),
    Flow(
        id="browser",
        title="Authorization code with PKCE, without a secret",
        text="A browser or native application: it can keep no secret, and has none.",
        client=sandbox.BROWSER,
        scope=_PERSON,
        steps=("authorize", "redeem_public", "userinfo", "refresh_public", "logout"),
    ),
    Flow(
        id="pushed",
        title="Pushed authorization request",
        text="The request is sent beforehand, from server to server.",
        client=sandbox.WEB,
        scope=_PERSON,
        steps=("push", "authorize_pushed", "redeem", "userinfo", "revoke", "logout"),
    ),
    Flow(
        id="machine",
        title="Client credentials",
        text="A machine asks in its own name, and nobody signs in.",
        client=sandbox.MACHINE,
        scope=sandbox.ORDERS,
        steps=("machine", "introspect", "revoke_access"),
    ),
    Flow(
        id="assertion",
        title="JWT bearer",
        text="A service account proves itself by its key, and sends no secret.",
        client=sandbox.SERVICE,
        scope=sandbox.ORDERS,
        steps=("sign", "assert"),
    ),
    Flow(
        id="device",
        title="Device authorization",
        text="A television or a command line shows a code, and a person decides elsewhere.",
        client=sandbox.DEVICE,
        scope="openid profile offline_access",
        steps=("device", "poll", "userinfo", "refresh", "revoke"),
    ),
    Flow(
        id="exchange",
        title="Token exchange",
        text="An API calls the next one on behalf of the person who called it.",
        client=sandbox.WEB,
        scope=f"openid {_BOTH}",
        steps=("authorize", "redeem", "exchange", "introspect_exchanged"),
        takes_over=("exchange", sandbox.API),
    ),
    Flow(
        id="form-post",
        title="ID token by form post",
        text="Sign-in alone, for applications that cannot redeem a code.",
        client=sandbox.OLD,
        steps=("authorize_id_token", "logout"),
        old=True,
    ),
    Flow(
        id="implicit",
        title="Implicit",
        text="Tokens come through the browser. Replaced by the code with PKCE.",
        client=sandbox.OLD,
        steps=("authorize_fragment", "userinfo", "logout"),
        old=True,
    ),
    Flow(
        id="hybrid",
        title="Hybrid",
        text="Code and ID token together, for applications built on older libraries.",
        client=sandbox.OLD,
        scope="openid profile offline_access",
        steps=("authorize_hybrid", "redeem", "userinfo", "refresh", "logout"),
        old=True,
    ),
    Flow(
        id="password",
        title="Password",
        text="The application takes the password itself. It must not be used any more.",
        client=sandbox.OLD,
        steps=("password", "userinfo"),
        old=True,
    ),
)

FLOWS = {flow.id: flow for flow in _FLOWS}
"""All of them, by id."""
