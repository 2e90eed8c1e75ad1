"""A supervisor with workers of the test's choosing: `python -m support.supervised OPTIONS`.

`OPTIONS` is JSON: `settings` are overrides by name, `factory` and `side` as for `supervise`.
It prints one line when ready, with the port.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ostiary.settings import load
from ostiary.web.server.listener import Address
from ostiary.web.server.supervisor import supervise
from support.process import Conversation, Process, clean_environment

TESTS = Path(__file__).parents[1]


def supervisor_process(folder: Path, **options: Any) -> Process:
    """Prepare a supervisor process."""
    return Process(
        [sys.executable, "-m", "support.supervised", json.dumps(options)],
        folder=folder,
        environment=clean_environment(PYTHONPATH=str(TESTS)),
        name="supervised",
    )


@contextmanager
def supervised(folder: Path, **options: Any) -> Iterator[tuple[Process, int]]:
    """Run a supervisor until the block ends; yields it and its port, once it is ready."""
    with Conversation(supervisor_process(folder, **options)) as conversation:
        yield conversation.process, conversation.hear()["port"]


def main() -> int:
    """Be the supervisor."""
    options = json.loads(sys.argv[1])

    def tell(addresses: tuple[Address, ...]) -> None:
        print(json.dumps({"port": addresses[0].port}), flush=True)

    return supervise(
        load(None, {}, {"listen": "127.0.0.1:0", **options.get("settings", {})}),
        factory=options.get("factory", "support.echo:create_app"),
        side=[(name, argv) for name, argv in options.get("side", ())],
        side_delay=0,
        on_ready=tell,
    )


if __name__ == "__main__":
    sys.exit(main())
