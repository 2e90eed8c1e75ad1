"""`ostiary serve`: from the command line to the supervisor, by the shortest way.

This process becomes the supervisor: what is imported here stays in memory for as long as
the server runs. Arguments that are not plainly right are left to the full command line,
which explains them.
"""

import os
from typing import NamedTuple

import msgspec

from ostiary import __version__
from ostiary.settings import Settings, SettingsError, check_serve, load

FLAGS = {"--dev": "dev", "--json": "as_json"}
VALUES = {"--config": "config", "--host": "host", "--port": "port", "--workers": "workers"}
JOBS = ("jobs", ("-m", "ostiary.jobs"))


class ServeOptions(NamedTuple):
    """What `ostiary serve` was asked for; None leaves it to the settings."""

    dev: bool = False
    config: str | None = None
    host: str | None = None
    port: int | None = None
    workers: int | None = None
    as_json: bool = False


def read_arguments(arguments: list[str]) -> ServeOptions | None:
    """Read arguments that are plainly right; None where they are not."""
    found: dict[str, str | int | bool] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in FLAGS and not equals:
            found[FLAGS[name]] = True
        elif name in VALUES:
            text = value if equals else next(rest, "")
            if not text or text.startswith("-"):
                return None
            if name in {"--port", "--workers"}:
                if not (text.isascii() and text.isdigit() and len(text) <= 5):  # noqa: PLR2004
                    return None
                found[VALUES[name]] = int(text)
            else:
                found[VALUES[name]] = text
        else:
            return None
    return ServeOptions(**found)  # type: ignore[arg-type]


# As `pages.console` has it, which this process, that stays small, does not need.
_CONSOLE = "/console"


def serve(options: ServeOptions) -> int:
    """Serve until a signal stops it; return the exit code."""
    try:
        settings = _settle(options)
    except SettingsError as error:
        return _refuse(error, as_json=options.as_json)
    # Not before the settings are good: a message about them should come at once.
    from ostiary.web.server.supervisor import supervise  # noqa: PLC0415

    if settings.dev:
        from ostiary.cli.development import Demo  # noqa: PLC0415 - likewise

        with Demo(settings) as demo:
            return supervise(
                settings,
                side=(JOBS,),
                on_ready=lambda _: demo.announce(as_json=options.as_json),
            )
    return supervise(
        settings, side=(JOBS,), on_ready=lambda _: _announce(settings, as_json=options.as_json)
    )


def _settle(options: ServeOptions) -> Settings:
    overrides = {
        "dev": options.dev or None,
        "host": options.host,
        "port": options.port,
        "workers": options.workers,
    }
    settings = load(options.config, os.environ, overrides)
    if settings.dev:
        from ostiary.cli.development import settle  # noqa: PLC0415 - in development only

        settings = settle(settings, options.config, overrides)
    if problems := check_serve(settings):
        raise SettingsError(problems)
    return settings


def _refuse(error: SettingsError, *, as_json: bool) -> int:
    from ostiary.cli.answer import refuse_settings, show_failure  # noqa: PLC0415 - rarely needed

    failure = refuse_settings(error)
    show_failure(failure, as_json=as_json)
    return failure.exit_code


def _announce(settings: Settings, *, as_json: bool) -> None:
    if as_json:
        told = {"issuer": settings.public_url, "console_url": settings.public_url + _CONSOLE}
        line = msgspec.json.encode(told).decode()
    else:
        line = f"Ostiary {__version__} is ready at {settings.public_url}, on {settings.listen}."
    print(line, flush=True)
