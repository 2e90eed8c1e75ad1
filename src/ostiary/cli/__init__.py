"""The `ostiary` command.

Nothing is imported here: the process of `ostiary serve` starts quickly and stays small.
"""

import sys


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["serve"]:
        from ostiary.cli import serving  # noqa: PLC0415 - see above

        options = serving.read_arguments(arguments[1:])
        if options is not None:
            sys.exit(serving.serve(options))
    from ostiary.cli.program import run  # noqa: PLC0415 - see above

    sys.exit(run(arguments))
