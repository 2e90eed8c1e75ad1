"""The questions, in the order in which they are asked, and what can be answered.

A question is asked only where its condition holds: four at most on any way. Risk and legacy
are never asked; they are doors beside the answers, and closed unless somebody opens them.
"""

import msgspec

from ostiary.advisor.conditions import Condition, on

MOST = 4
"""How many questions are asked at most."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. It can be chosen where one of its conditions holds."""

    value: str
    when: tuple[Condition, ...] = ({},)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question. With a default it is a door: open to whoever looks for it, and never asked."""

    id: str
    options: tuple[Option, ...]
    when: Condition = {}
    default: str | None = None

    def option(self, value: str) -> Option | None:
        """Return the answer of this name, if there is one."""
        return next((one for one in self.options if one.value == value), None)


def _options(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value=value) for value in values)


_PERSON = on(who="person")
_ON_SERVER = on(who="person", where="server", risk="normal")

QUESTIONS: tuple[Question, ...] = (
    Question(id="who", options=_options("person", "nobody", "service", "agent")),
    Question(
        id="where",
        when=on(who=("person", "agent")),
        options=(
            *_options("server", "browser", "app", "terminal"),
            Option(value="device", when=(_PERSON,)),
            Option(value="elsewhere", when=(_PERSON,)),
        ),
    ),
    Question(id="backend", when=on(where="browser"), options=_options("yes", "no")),
    Question(id="browser", when=on(where="terminal"), options=_options("yes", "no")),
    Question(
        id="purpose",
        when=on(who=("person", "agent")),
        options=(Option(value="login", when=(_PERSON,)), *_options("apis", "away")),
    ),
    # Best first.
    Question(
        id="credential",
        when=on(who="nobody"),
        options=_options("platform", "key", "file", "certificate", "secret"),
    ),
    Question(id="domain", when=on(who="service"), options=_options("same", "other")),
    Question(id="actor", when=on(who="service"), options=_options("visible", "hidden")),
    Question(id="risk", default="normal", options=_options("normal", "high")),
    Question(
        id="legacy",
        default="none",
        options=(
            Option(value="none"),
            Option(value="no-pkce", when=(_ON_SERVER,)),
            Option(
                value="implicit",
                when=(
                    on(who="person", where=("server", "browser"), purpose="login", risk="normal"),
                    on(who="person", backend="no", purpose="apis", risk="normal"),
                ),
            ),
            Option(value="hybrid", when=(_ON_SERVER,)),
            Option(value="password", when=(_ON_SERVER,)),
            Option(value="hs256", when=(_ON_SERVER,)),
            Option(value="saml", when=(_ON_SERVER,)),
        ),
    ),
)

BY_ID = {question.id: question for question in QUESTIONS}
