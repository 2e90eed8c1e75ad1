"""What is left to do at the beginning, each with the way to it; what is done is not told."""

from ostiary.admin import clients, policies, users
from ostiary.admin.actor import Actor, Area, Level
from ostiary.admin.store import Admin
from ostiary.model.policy import MfaRequired
from ostiary.pages.advisor_page import PATH as ADVISOR
from ostiary.pages.console import Task
from ostiary.settings import Settings
from ostiary.web.console.policies import PolicyDetails
from ostiary.web.console.tables import operation_url

# Whoever looks, and somebody else.
_SOMEBODY = 2


async def list_tasks(
    settings: Settings, admin: Admin, actor: Actor, place: str | None
) -> tuple[Task, ...]:
    """Return what somebody can do now about an organization, or without one about all."""
    tasks = []
    if actor.may(Area.PROJECT, Level.WRITE, place) and not await clients.list_all(
        admin, actor, place, limit=1
    ):
        tasks.append(Task(name="application", url=ADVISOR))
    if actor.may(Area.USER, Level.WRITE, place):
        found = await users.list_all(admin, actor, place, limit=_SOMEBODY)
        if len(found) < _SOMEBODY:
            tasks.append(Task(name="user", url=operation_url("create_user")))
    if actor.may(Area.INSTANCE, Level.WRITE):
        decided = policies.in_force(await admin.store.read_configuration())
        if decided.mfa.required is MfaRequired.NEVER:
            tasks.append(Task(name="second_factor", url=f"{PolicyDetails.address({})}#policy-mfa"))
        if not settings.smtp.host and not settings.dev:
            tasks.append(Task(name="mail", command="ostiary mail test"))
        if tasks:
            # Nobody can see here whether it is done: it goes with the rest.
            tasks.append(Task(name="backup"))
    return tuple(tasks)
