"""What a server for the world needs, beyond settings that can be read."""

from ostiary.settings.problem import Problem
from ostiary.settings.tree import Settings
from ostiary.settings.values import is_loopback, split_address


def check_serve(settings: Settings) -> tuple[Problem, ...]:
    """List what is missing or unsafe for `ostiary serve`; empty when it may start."""
    if settings.dev:
        return tuple(_check_development(settings))
    problems = []
    if not settings.public_url:
        problems.append(
            Problem("public_url", "is not set: write the https address that users will see")
        )
    if not settings.database_url:
        problems.append(
            Problem("database_url", "is not set: write sqlite:///path or postgresql://…")
        )
    if not settings.key_encryption_key:
        problems.append(
            Problem(
                "key_encryption_key",
                "is not set: run `ostiary init`, or set key_encryption_key_file to a file "
                "with 32 random bytes as base64url",
            )
        )
    return tuple(problems)


def _check_development(settings: Settings) -> list[Problem]:
    # Development mode has a known user, and hands out links to an administrator's account.
    host, _ = split_address(settings.listen)
    problems = []
    if not is_loopback(host) and not settings.allow_insecure_public_url:
        problems.append(
            Problem(
                "listen",
                f"development mode stays on this machine: listen on localhost instead of {host}, "
                "or set allow_insecure_public_url = true (in a container, for instance)",
            )
        )
    return problems
