"""`ostiary user export`: all that is kept about a person."""

from ostiary.admin import user_export
from ostiary.cli.answer import Answer
from ostiary.cli.command import command
from ostiary.cli.documents import Out, write_document
from ostiary.cli.instance import Instance
from ostiary.cli.users import Who, group


@command(group, "export")
async def export_user(instance: Instance, user: Who, out: Out = None) -> Answer:
    """Write down all that is kept about a user.

    It is a JSON document with the account, sessions, applications, groups, roles and events, but no
    credentials.
    """
    found = await user_export.export(instance.admin, instance.actor, user)
    return write_document(found, out)
