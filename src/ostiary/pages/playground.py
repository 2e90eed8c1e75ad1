"""What the pages of the playground show, as values."""

from typing import ClassVar

import msgspec

from ostiary.model.sentence import Sentence
from ostiary.pages.views import View
from ostiary.playground.breaks import Break
from ostiary.playground.flows import Flow
from ostiary.playground.notes import NOTES, Note
from ostiary.playground.step import Kind, Step
from ostiary.playground.tokens import Check, Inspection
from ostiary.playground.transcript import Exchange, Text

PATH = "/playground"
TOKEN_PATH = f"{PATH}/token"
SHOW = "show."


class PlaygroundIndex(View, frozen=True, kw_only=True):
    """Where to begin."""

    template: ClassVar[str] = "playground/index.html"

    path: str = PATH
    token_path: str = TOKEN_PATH
    flows: tuple[Flow, ...]
    breaks: tuple[Break, ...]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a request that can be edited. `name` is the input's, `label` what it is."""

    name: str
    label: str
    value: str
    secret: bool = False
    note: Note | None = None

    @property
    def id(self) -> str:
        """The id of the input."""
        return "field-" + "".join(one if one.isalnum() else "-" for one in self.label)


class PlaygroundPage(View, frozen=True, kw_only=True):
    """A flow: what has happened, and the request that comes next."""

    template: ClassVar[str] = "playground/flow.html"

    path: str = PATH
    token_path: str = TOKEN_PATH
    flow: Flow
    steps: tuple[tuple[Step, bool], ...]
    broken: Break | None = None
    # Mistakes that can be made in the flow.
    breaks: tuple[Break, ...] = ()
    action: str
    form_token: str = ""
    # What the flow knows, to be sent along.
    known: tuple[tuple[str, str], ...] = ()
    # What has happened.
    done: Step | None = None
    exchange: Exchange | None = None
    checks: tuple[Check, ...] = ()
    tokens: tuple[tuple[str, Inspection], ...] = ()
    # Whether the mistake was made, and got what it should.
    shown: bool = False
    surprise: Sentence | None = None
    # How many characters of the answer are not shown, since they are no JSON.
    unread: int = 0
    problem: str = ""
    # Where the server explains an error to administrators.
    explained_url: str = ""
    # Where the person decides about a device, and the code to compare.
    decide_url: str = ""
    user_code: str = ""
    # What comes next.
    step: Step | None = None
    fields: tuple[Field, ...] = ()
    # The request as a message, where the browser goes by itself.
    preview: Text = ()

    @property
    def title(self) -> str:
        """What the page is about."""
        return self.flow.title if self.broken is None else self.broken.title

    @property
    def front(self) -> bool:
        """Whether the browser itself goes to the endpoint."""
        return self.step is not None and self.step.kind is Kind.FRONT

    @property
    def local(self) -> bool:
        """Whether nothing is sent."""
        return self.step is not None and self.step.kind is Kind.LOCAL


class ReturnPage(View, frozen=True, kw_only=True):
    """Where the browser comes back to with nothing that the server can see.

    `lost`: what it brought belongs to nothing that this browser began.
    """

    template: ClassVar[str] = "playground/return.html"

    path: str = PATH
    action: str = ""
    lost: bool = False


class TokenPage(View, frozen=True, kw_only=True):
    """The panel in which a token is taken apart."""

    template: ClassVar[str] = "playground/token.html"

    path: str = PATH
    action: str = TOKEN_PATH
    form_token: str = ""
    token: str = ""
    access_token: str = ""
    code: str = ""
    nonce: str = ""
    client_id: str = ""
    found: Inspection | None = None


def note_of(name: str) -> Note | None:
    """Return the note on a parameter."""
    return NOTES.get(name)
