"""Telling of people that development mode made, where the server is open to the world."""

import structlog

from ostiary.admin.demo import Reader, find_people

_log = structlog.get_logger("ostiary.jobs")


async def warn_of_demo(reader: Reader) -> None:
    """Log a warning where people of development mode can sign in."""
    people = await find_people(reader)
    if people:
        _log.warning(
            "development_accounts",
            usernames=[user.username for user in people],
            organization_id=people[0].organization_id,
            advice="made by serve --dev with a password that is no secret: delete them",
        )
