"""Imports: people from elsewhere, many at a time, with the hashes of their passwords."""

from collections import Counter

from ostiary.admin import imports as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.import_formats import ImportFields, Row
from ostiary.admin.imports import Outcome
from ostiary.web.api.route import Call, Place, Reply, Route
from ostiary.web.api.views import View

MAX_USERS = 100


class NewUserImport(Request, frozen=True, kw_only=True):
    """The people to bring over, and where to; with `dry_run` it is only checked."""

    organization: str
    users: tuple[ImportFields, ...]
    dry_run: bool = False
    update: bool = False


class ImportedUser(View, frozen=True, kw_only=True):
    """What became of one of them. `number` counts from 1, in the order of the request."""

    number: int
    outcome: Outcome
    username: str
    user: str | None
    problems: tuple[str, ...]


class UserImport(View, frozen=True, kw_only=True):
    """What became of an import."""

    organization: str
    applied: bool
    created: int
    updated: int
    unchanged: int
    failed: int
    users: tuple[ImportedUser, ...]


async def import_users(call: Call) -> Reply:
    """Bring people over."""
    body: NewUserImport = call.body
    _check(body.users)
    rows = [
        Row(number=number, name=fields.username or "", fields=fields)
        for number, fields in enumerate(body.users, 1)
    ]
    results = operations.import_users(
        call.admin, call.actor, body.organization, rows, dry_run=body.dry_run, update=body.update
    )
    found = [
        ImportedUser(
            number=one.number,
            outcome=one.outcome,
            username=one.username,
            # What is only rehearsed gets an id that nobody will have.
            user=None if body.dry_run and one.outcome is Outcome.CREATED else one.user_id,
            problems=one.problems,
        )
        async for one in results
    ]
    counts = Counter(one.outcome for one in found)
    return Reply(
        body=UserImport(
            organization=body.organization,
            applied=not body.dry_run,
            created=counts[Outcome.CREATED],
            updated=counts[Outcome.UPDATED],
            unchanged=counts[Outcome.UNCHANGED],
            failed=counts[Outcome.FAILED],
            users=tuple(found),
        )
    )


def _check(users: tuple[ImportFields, ...]) -> None:
    """Hold one call to so many users, and to hashes, which cost nothing to take.

    Raises:
        Invalid: there are more, or a password is in the clear.
    """
    problems = []
    if len(users) > MAX_USERS:
        problems.append(Problem("users", f"may name at most {MAX_USERS}: send the others apart"))
    problems += [
        Problem(f"users[{index}].password.plain", "is not taken here: bring a hash, or none")
        for index, one in enumerate(users[:MAX_USERS])
        if one.password and one.password.plain
    ]
    if problems:
        raise Invalid(problems)


ROUTES = (
    Route(
        method="POST",
        path="/user-imports",
        name="import_users",
        summary="Bring users over from elsewhere",
        description=f"Up to {MAX_USERS} in a call. Their password hashes come along, and are made "
        "anew at the first sign-in. Whoever is there already stays as they are, so that a call "
        "can be sent again; with `update` they get everything but the password. One that cannot "
        "be taken is told of in the answer, and holds nobody else up.",
        operation=import_users,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewUserImport,
        answer=UserImport,
        # Sent again it does nothing twice, and it may take more than one transaction.
        repeatable=False,
        example={
            "organization": "acme",
            "users": [
                {
                    "id": "auth0-5f7c8ec7c33c6c004bbafe82",
                    "username": "bob",
                    "email": {"address": "bob@acme.example", "verified": True},
                    "password": {
                        "hash": "$2b$12$WZtpD9e4mS5jz6X1r5hHUeO0S8m1fYJxJ5g8s9m8q1kzj2y9sZ6m2"
                    },
                }
            ],
            "dry_run": True,
        },
    ),
)
