"""What each of the console's pages shows, as values."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec

from ostiary.model.trace import Trace
from ostiary.oauth.paths import TRACES
from ostiary.pages.charts import Chart
from ostiary.pages.languages import find_zone
from ostiary.pages.views import Account, Brand, View

ROOT = "/console"


def form_url(operation: str, values: Mapping[str, Any]) -> str:
    """Return the address of an operation's form, with these members of its body filled in."""
    pairs = [(name, text) for name, value in values.items() for text in _texts(value)]
    return f"{ROOT}/do/{operation}?{urlencode(pairs)}"


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return (msgspec.json.encode(value).decode(),)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the navigation. `name` names a text below `console.nav`."""

    name: str
    url: str


class EntryGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that belong together. `name` names a text below `console.group`."""

    name: str
    entries: tuple[Entry, ...]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds each page: who is signed in, where they are, what was just done."""

    account: Account
    # Of the forms that sign out and that choose an organization.
    token: str
    groups: tuple[EntryGroup, ...] = ()
    # The organizations that can be chosen, by id, with their names; the one that is.
    places: tuple[tuple[str, str], ...] = ()
    place: str | None = None
    # Whether all of them can be chosen at once.
    everywhere: bool = False
    zone: str | None = None
    # Names a text below `console.do`: an operation that was just done.
    notice: str | None = None
    brand: Brand = Brand()

    @property
    def zone_name(self) -> str:
        """The time zone that times are shown and typed in by."""
        known = find_zone(self.zone)
        return "UTC" if known is UTC else str(known)

    @property
    def home(self) -> str:
        """Where the console begins."""
        return ROOT

    @property
    def sign_out(self) -> str:
        """Where the form that signs out goes."""
        return f"{ROOT}/sign-out"

    @property
    def switch(self) -> str:
        """Where another account is chosen."""
        return f"{ROOT}/switch"

    @property
    def choose(self) -> str:
        """Where the form that chooses an organization goes."""
        return f"{ROOT}/place"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done. `key` names a text below `console.trouble`.

    `message` is what an operation says, in English; `items` are what to change, each with the
    place that it is about.
    """

    key: str
    message: str = ""
    items: tuple[tuple[str, str], ...] = ()


class ConsolePage(View, frozen=True, kw_only=True):
    """One of the console's pages; `entry` is the line of the navigation that it belongs to."""

    entry: ClassVar[str] = ""

    frame: Frame
    trouble: Trouble | None = None

    @property
    def current(self) -> str:
        """The line of the navigation that the page belongs to."""
        return self.entry


class DeniedPage(ConsolePage, frozen=True, kw_only=True):
    """Somebody is signed in and may not see the page. `need` names what they lack."""

    template: ClassVar[str] = "console/denied.html"

    # Names a text below `console.need`.
    need: str
    # Names texts below `console.area` and `console.level`, where a right is missing.
    area: str | None = None
    level: str | None = None
    # The roles that would let them, as `console.role` names them.
    roles: tuple[str, ...] = ()


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is left to do. `name` names texts below `console.task`.

    It is done at an address, by a command, or elsewhere.
    """

    name: str
    url: str | None = None
    command: str | None = None


class HomePage(ConsolePage, frozen=True, kw_only=True):
    """Where the console begins. `failures` are the last requests that failed."""

    template: ClassVar[str] = "console/home.html"
    entry: ClassVar[str] = "home"

    tasks: tuple[Task, ...] = ()
    charts: tuple[Chart, ...] = ()
    failures: tuple[Trace, ...] = ()

    @property
    def traces(self) -> str:
        """Where requests are explained, each below its id."""
        return TRACES


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A value as it is shown. `kind` says how: see `console/pieces.html`."""

    kind: str
    value: Any = None
    url: str | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """A way to an operation's page. `name` names a text below `console.do`."""

    name: str
    url: str
    danger: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a table. `key` is what the operations on several of them get."""

    cells: tuple[Cell, ...]
    key: str
    actions: tuple[Action, ...] = ()


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Things of one kind. `name` names a text below `console.kind`, a column one of a field."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    create: Action | None = None
    # What can be done besides.
    tools: tuple[Action, ...] = ()
    # What can be done with several of them at once, and the parameter that names each.
    bulk: tuple[Action, ...] = ()
    parameter: str = ""
    # Where there are more of them, and where the list begins.
    more_url: str | None = None
    first_url: str | None = None


class FilterField(msgspec.Struct, frozen=True, kw_only=True):
    """A way to see fewer of them: free text, a time, or one of some choices with their words.

    `unfit`: what was given is no time.
    """

    name: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    number: bool = False
    time: bool = False
    required: bool = False
    unfit: bool = False


class Crumb(msgspec.Struct, frozen=True, kw_only=True):
    """A page above this one: a list by the name of its kind, or a thing by its own name."""

    url: str
    kind: str | None = None
    name: str = ""


class ListPage(ConsolePage, frozen=True, kw_only=True):
    """Things of one kind, with filters."""

    template: ClassVar[str] = "console/list.html"

    nav: str
    name: str
    crumbs: tuple[Crumb, ...] = ()
    action: str
    # None where a filter has to be given first.
    table: Table | None
    filters: tuple[FilterField, ...] = ()
    filtered: bool = False
    # What people look for often: names of texts below `console.selection`, with addresses.
    selections: tuple[tuple[str, str], ...] = ()
    # Where the list is as it grows, and as a file, where it is such a list.
    live_url: str | None = None
    export_url: str | None = None

    @property
    def current(self) -> str:
        """The line of the navigation that the page belongs to."""
        return self.nav


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A value with its name; `facts` are those of its parts."""

    name: str
    cell: Cell | None = None
    facts: tuple["Fact", ...] = ()


class ShowPage(ConsolePage, frozen=True, kw_only=True):
    """One thing: what is known of it, what can be done with it, what belongs to it."""

    template: ClassVar[str] = "console/show.html"

    nav: str
    name: str
    # Its own name; without one the page has that of its kind.
    title: str = ""
    crumbs: tuple[Crumb, ...] = ()
    facts: tuple[Fact, ...] = ()
    further: tuple[Fact, ...] = ()
    actions: tuple[Action, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def current(self) -> str:
        """The line of the navigation that the page belongs to."""
        return self.nav


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a form. `name` is its path in the body; `label` names a text of a field.

    `kind`: text, secret, number, time, lines, choice, hidden or json.
    """

    name: str
    label: str
    kind: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    fault: str | None = None


class InputGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that belong together; without a name those that come first."""

    name: str = ""
    inputs: tuple[Input, ...]
    open: bool = False


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The same operation elsewhere. `kind`: command, api or file."""

    kind: str
    text: str


class FormPage(ConsolePage, frozen=True, kw_only=True):
    """An operation: what it is about, what it needs to know, and whether to do it."""

    template: ClassVar[str] = "console/form.html"

    nav: str
    # Names texts below `console.do` and, where it destroys, `console.warning`.
    name: str
    danger: bool = False
    action: str
    token: str
    crumbs: tuple[Crumb, ...] = ()
    # What it is done to.
    subjects: tuple[str, ...] = ()
    groups: tuple[InputGroup, ...] = ()
    # Whether a link filled in what an application is to be.
    advised: bool = False
    # The version that the form was filled in from.
    version: str = ""
    copies: tuple[Copy, ...] = ()
    back_url: str

    @property
    def current(self) -> str:
        """The line of the navigation that the page belongs to."""
        return self.nav


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of several."""

    subject: str
    done: bool
    message: str = ""


class ResultPage(ConsolePage, frozen=True, kw_only=True):
    """What an operation gave: what is shown once, or what became of several."""

    template: ClassVar[str] = "console/result.html"

    nav: str
    name: str
    crumbs: tuple[Crumb, ...] = ()
    facts: tuple[Fact, ...] = ()
    # Whether the facts hold something that is never shown again.
    once: bool = False
    outcomes: tuple[Outcome, ...] = ()
    back_url: str

    @property
    def current(self) -> str:
        """The line of the navigation that the page belongs to."""
        return self.nav
