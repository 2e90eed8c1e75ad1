"""What `ostiary apply` did or would do, for people."""

from ostiary.admin.apply import Action, Change, Outcome
from ostiary.cli.answer import style

_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
}


def describe(outcome: Outcome) -> str:
    """Lay out a plan, and the secrets that were made."""
    lines = [_line(change) for change in outcome.changes]
    counts = {
        action: sum(change.action is action for change in outcome.changes) for action in Action
    }
    total = ", ".join(
        f"{count} {word}"
        for action, words in (
            (Action.CREATE, ("to create", "created")),
            (Action.UPDATE, ("to change", "changed")),
            (Action.DELETE, ("to delete", "deleted")),
        )
        if (count := counts[action]) and (word := words[outcome.applied])
    )
    lines.append(style(f"{total or 'Nothing to do'}; {outcome.unchanged} unchanged.", "bold"))
    if outcome.secrets:
        lines += ["", style("Secrets, shown only now:", "bold")]
        lines += [f"  {secret.client_id}  {secret.client_secret}" for secret in outcome.secrets]
    return "\n".join(lines)


def _line(change: Change) -> str:
    sign, colour = _SIGNS[change.action]
    within = change.project or change.organization
    where = style(f"  in {within}", "dim") if within and within != change.key else ""
    fields = style(f"  ({', '.join(change.fields)})", "dim") if change.fields else ""
    name = "" if change.kind == change.key else f" {change.key}"
    return f"{style(sign, colour)} {change.kind.replace('_', ' ')}{name}{where}{fields}"
