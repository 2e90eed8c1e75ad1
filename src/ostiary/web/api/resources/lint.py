"""Lint: what could be better, mends with a way back, and findings that are accepted."""

from functools import partial
from typing import Any

from ostiary.admin import lint as operations
from ostiary.admin import mends
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.lint import LegacyUse, Report
from ostiary.admin.mends import Mended, SilenceFields
from ostiary.model.client import Client
from ostiary.model.lint import Mend
from ostiary.pages.languages import DEFAULT, load_languages
from ostiary.pages.lint import ShownFinding, ShownLikeness, Words
from ostiary.web.api.filters import ORGANIZATION, PROJECT
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of


class ApplicationLint(View, frozen=True, kw_only=True):
    """What there is to say about an application, the worst first.

    `nearest` is the advice of the flow advisor that it is nearest to. Rules that look at use
    say nothing before something was `watched`. Whose keys are fetched is not known: everybody
    may fetch them.
    """

    client_id: str
    client_name: str
    organization: str
    project: str | None
    findings: tuple[ShownFinding, ...]
    nearest: ShownLikeness | None
    last_seen_at: Time | None
    watched_since: Time | None


class PolicyLint(View, frozen=True, kw_only=True):
    """What there is to say about policies, the worst first."""

    findings: tuple[ShownFinding, ...]


class LegacyApplication(View, frozen=True, kw_only=True):
    """An application that may use flows that are no longer recommended.

    `last_used` is the day on which it was seen to use one of them.
    """

    client_id: str
    client_name: str
    organization: str
    project: str | None
    reason: str
    until: str | None
    in_force: bool
    uses: tuple[str, ...]
    last_used: str | None


class LintMend(View, frozen=True, kw_only=True):
    """What was changed on the advice of lint. `before` and `after` are in names of metadata."""

    id: str
    client_id: str
    rule: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    created_at: Time
    undo_until: Time
    undone_at: Time | None


class MendFields(Request, frozen=True, kw_only=True):
    """The finding that is to be mended, as it was shown."""

    rule: str
    target: str = ""


async def list_lint(call: Call) -> Listed:
    """Return what there is to say about applications."""
    found = await operations.inspect_all(
        call.admin,
        call.idp.store,
        call.actor,
        call.organization,
        call.project,
        after=call.after,
        limit=call.limit,
    )
    return Listed(
        records=found, view=partial(report, _words()), key=lambda one: one.client.client_id
    )


async def show(call: Call) -> Reply:
    """Return what there is to say about an application."""
    found = await operations.inspect(call.admin, call.idp.store, call.actor, call.path["client_id"])
    return Reply(body=report(_words(), found), version=found.client.version)


async def show_policies(call: Call) -> Reply:
    """Return what there is to say about the policies of the instance."""
    return _policies(await operations.inspect_policies(call.admin, call.actor, None))


async def show_organization_policies(call: Call) -> Reply:
    """Return what there is to say about the policies of an organization."""
    place = call.path["organization_id"]
    return _policies(await operations.inspect_policies(call.admin, call.actor, place))


async def list_legacy(call: Call) -> Listed:
    """Return who may still use legacy flows."""
    found = await operations.list_legacy(
        call.admin,
        call.idp.store,
        call.actor,
        call.organization,
        call.project,
        after=call.after,
        limit=call.limit,
    )
    return Listed(records=found, view=legacy_application, key=lambda one: one.client.client_id)


async def list_mends(call: Call) -> Listed:
    """Return what was mended of an application."""
    found = await mends.list_mends(
        call.admin,
        call.idp.store,
        call.actor,
        call.path["client_id"],
        after=call.after,
        limit=call.limit,
    )
    return Listed(records=found, view=show_mend, key=lambda one: one.id)


async def mend(call: Call) -> Reply:
    """Change an application as a finding proposes."""
    made = await mends.mend(
        call.admin,
        call.idp.store,
        call.actor,
        call.path["client_id"],
        rule=call.body.rule,
        target=call.body.target,
    )
    return _mended(made)


async def undo(call: Call) -> Reply:
    """Put back what a mend changed."""
    key, mend_id = call.path["client_id"], call.path["mend_id"]
    return _mended(await mends.undo(call.admin, call.idp.store, call.actor, key, mend_id))


async def judge(call: Call) -> Reply:
    """Accept a finding, or tell of it again."""
    await mends.judge(call.admin, call.idp.store, call.actor, call.path["client_id"], call.body)
    return Reply()


def report(words: Words, found: Report) -> ApplicationLint:
    """Show what there is to say about an application."""
    client = found.client
    return ApplicationLint(
        client_id=client.client_id,
        client_name=client.client_name,
        organization=client.organization_id,
        project=client.project_id,
        findings=words.findings(found),
        nearest=words.likeness(found.likeness),
        last_seen_at=maybe(found.last_seen_at),
        watched_since=maybe(found.watched_since),
    )


def legacy_application(found: LegacyUse) -> LegacyApplication:
    """Show who may still use legacy flows."""
    client = found.client
    opted = client.legacy
    return LegacyApplication(
        client_id=client.client_id,
        client_name=client.client_name,
        organization=client.organization_id,
        project=client.project_id,
        reason="" if opted is None else opted.reason,
        until=None if opted is None else opted.until,
        in_force=found.in_force,
        uses=found.uses,
        last_used=found.last_used,
    )


def show_mend(record: Mend) -> LintMend:
    """Show a mend."""
    return LintMend(
        id=record.id,
        client_id=record.client_id,
        rule=record.rule,
        target=record.target,
        before=record.before,
        after=record.after,
        created_at=time_of(record.created_at),
        undo_until=time_of(record.expires_at),
        undone_at=maybe(record.undone_at),
    )


def _mended(made: Mended) -> Reply:
    return Reply(body=show_mend(made.mend), version=made.client.version)


def _policies(found: tuple[Any, ...]) -> Reply:
    words = _words()
    return Reply(body=PolicyLint(findings=tuple(words.finding(one) for one in found)))


def _words() -> Words:
    return Words(load_languages()[DEFAULT])


_OF_ONE = "/applications/{client_id}/lint"
_MENDS = f"{_OF_ONE}/mends"
ROUTES = (
    Route(
        method="GET",
        path="/lint",
        name="list_lint",
        summary="List what could be better about applications",
        description="By the rules of the flow advisor, over what is registered and what was "
        "seen in use. Applications about which there is nothing to say are in the list, too.",
        operation=list_lint,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=ApplicationLint,
        filters=(ORGANIZATION, PROJECT),
        listing=True,
    ),
    Route(
        method="GET",
        path="/lint/policies",
        name="lint_policies",
        summary="Show what could be better about the policies of the instance",
        operation=show_policies,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=PolicyLint,
    ),
    Route(
        method="GET",
        path="/lint/legacy",
        name="list_legacy_applications",
        summary="List who may use flows that are no longer recommended",
        description="With the reason, the last day, and when they were seen to use them last.",
        operation=list_legacy,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=LegacyApplication,
        filters=(ORGANIZATION, PROJECT),
        listing=True,
    ),
    Route(
        method="GET",
        path="/organizations/{organization_id}/lint",
        name="lint_organization_policies",
        summary="Show what could be better about the policies of an organization",
        description="Of those in force there: what the instance decided, and what the organization "
        "made stricter.",
        operation=show_organization_policies,
        area=Area.ORGANIZATION,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=PolicyLint,
    ),
    Route(
        method="GET",
        path=_OF_ONE,
        name="lint_application",
        summary="Show what could be better about an application",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=ApplicationLint,
        record=Client,
    ),
    Route(
        method="PUT",
        path=_OF_ONE,
        name="judge_finding",
        summary="Accept a finding about an application",
        description="For a reason; with null in its place the finding is told of again.",
        operation=judge,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=SilenceFields,
        status=204,
        example={"rule": "openid-missing", "reason": "It asks for calendars alone."},
    ),
    Route(
        method="GET",
        path=_MENDS,
        name="list_mends",
        summary="List what was mended of an application",
        description="Newest first, as long as it can be undone.",
        operation=list_mends,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=LintMend,
        listing=True,
    ),
    Route(
        method="POST",
        path=_MENDS,
        name="mend_application",
        summary="Mend what was found about an application",
        description="Changes the application as the finding proposes, tied to the version that "
        "was read. What was changed can be undone for 90 days.",
        operation=mend,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=MendFields,
        answer=LintMend,
        status=201,
        repeatable=False,
        record=Client,
        example={"rule": "redirect-uri-unused", "target": "https://old.example/callback"},
    ),
    Route(
        method="POST",
        path=f"{_MENDS}/{{mend_id}}/undo",
        name="undo_mend",
        summary="Undo a mend",
        description="Puts back what it changed. Refused where somebody changed the same since.",
        operation=undo,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        answer=LintMend,
        repeatable=False,
        record=Client,
    ),
)
