"""`ostiary migrate`."""

import typer

from ostiary.admin.defaults import establish
from ostiary.cli.answer import Answer
from ostiary.cli.command import command
from ostiary.cli.instance import open_instance
from ostiary.settings import Settings


def register(program: typer.Typer) -> None:
    """Add the commands to the program."""

    @command(program, "migrate")
    async def migrate(settings: Settings) -> Answer:
        """Bring the database up to date.

        Servers may run meanwhile.
        """
        async with open_instance(settings, ready=False) as instance:
            applied = await instance.store.migrate()
            await establish(instance.admin)
            version = await instance.store.schema_version()
        text = "\n".join(
            (*(f"Applied {name}." for name in applied), f"The schema is at {version}.")
        )
        return Answer(data={"applied": applied, "schema_version": version}, text=text)
