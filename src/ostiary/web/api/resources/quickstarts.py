"""Quick starts of applications: a program that signs in, with the application's own values."""

from ostiary.admin import clients
from ostiary.admin.actor import Area, Level
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.quickstart import Quickstart, fitting
from ostiary.advisor.stacks import STACKS
from ostiary.model.client import Client
from ostiary.pages.quickstarts import choose_stack, start
from ostiary.web.api.route import Call, Filter, Place, Reply, Route
from ostiary.web.api.views import View


class StackChoice(View, frozen=True, kw_only=True):
    """A stack that fits an application, and whether its program is run by Ostiary's own tests."""

    id: str
    title: str
    tested: bool


class QuickstartFile(View, frozen=True, kw_only=True):
    """A file of the program; `name` is its path in the folder."""

    name: str
    content: str


class ApplicationQuickstart(View, frozen=True, kw_only=True):
    """A program that signs in to an application; `stacks` are all that there are for it.

    The application's own secret is not in it: that was shown when it was made.
    """

    stack: str
    title: str
    tested: bool
    env: dict[str, str]
    env_file: str
    install: tuple[str, ...]
    run: tuple[str, ...]
    program: str
    files: tuple[QuickstartFile, ...]
    url: str
    note: str
    stacks: tuple[StackChoice, ...]


async def show(call: Call) -> Reply:
    """Return the quick start of an application."""
    client = await clients.show(call.admin, call.actor, call.path["client_id"])
    stack = choose_stack(client, call.query.get("stack"))
    made = start(client, call.idp.issuer, stack, call.idp.entropy)
    return Reply(body=view(client, made))


def view(client: Client, made: Quickstart) -> ApplicationQuickstart:
    """Show a quick start, and the others that there are."""
    return ApplicationQuickstart(
        stack=made.stack,
        title=made.title,
        tested=made.tested,
        env=made.env,
        env_file=made.env_file,
        install=made.install,
        run=made.run,
        program=made.program,
        files=tuple(QuickstartFile(name=one.name, content=one.content) for one in made.files),
        url=made.url,
        note=made.note,
        stacks=tuple(
            StackChoice(id=one.id, title=FRAMEWORKS[one.id].title, tested=one.tested)
            for one in fitting(client)
        ),
    )


ROUTES = (
    Route(
        method="GET",
        path="/applications/{client_id}/quickstart",
        name="show_application_quickstart",
        summary="Show a program that signs in to an application",
        description="Variables, commands and files, with the application's own values but its "
        "secret, which nobody knows any more.",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=ApplicationQuickstart,
        filters=(
            Filter(
                name="stack",
                description="What it is built with; the likeliest, unless given.",
                choices=tuple(STACKS),
                example="fastapi",
            ),
        ),
    ),
)
