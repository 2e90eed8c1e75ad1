"""Connections to PostgreSQL, and what its errors mean to callers."""

import asyncio
from typing import TypeAlias

import asyncpg
from asyncpg import PostgresError
from asyncpg.connect_utils import SessionAttribute

from ostiary.oauth.effects import Unavailable

# A text: asyncpg is generic in its stubs alone.
Link: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Within three seconds a caller knows that there is no answer.
_CONNECT_LIMIT = 2.0
_COMMAND_LIMIT = 3.0

_SETTINGS = {
    "application_name": "ostiary",
    "client_encoding": "UTF8",
    "statement_timeout": "2500",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "5000",
    "default_transaction_isolation": "read committed",
    # Everything asks by key: one plan for ever, by index, also while tables are empty.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
}

# A commit that is acknowledged is on the disk. Stronger settings of the server are kept.
_MAKE_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')"
)

# Classes of SQLSTATE that tell of the server's state and not of what was asked: connection,
# transaction state, authorization, missing database, rollback, resources, object state,
# operator, system, configuration, internal.
_UNAVAILABLE = frozenset({"08", "25", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX"})

# What a connection that breaks, or cannot be made, raises; TimeoutError is an OSError.
BROKEN = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def unavailable(error: BaseException) -> Unavailable:
    """Return what callers are told of an error of the database."""
    return Unavailable(f"PostgreSQL: {str(error) or type(error).__name__}")


def is_unavailable(error: PostgresError) -> bool:
    """Tell whether an error is about the state of the server, and not about a value."""
    return str(error.sqlstate or "XX")[:2] in _UNAVAILABLE


def is_unstorable_text(error: PostgresError) -> bool:
    """Tell whether an error is about text that PostgreSQL cannot hold: NUL, or no Unicode."""
    return isinstance(error, asyncpg.CharacterNotInRepertoireError) or (
        isinstance(error, asyncpg.DataError) and isinstance(error.__cause__, UnicodeError)
    )


async def connect(url: str) -> Link:
    """Open a connection to the server that takes writes.

    Raises:
        Unavailable: there is none now.
    """
    try:
        link: Link = await asyncpg.connect(
            url,
            timeout=_CONNECT_LIMIT,
            command_timeout=_COMMAND_LIMIT,
            server_settings=_SETTINGS,
            target_session_attrs=SessionAttribute.read_write,
            # All statements of the program, for as long as the connection lives.
            statement_cache_size=1000,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
        await link.execute(_MAKE_DURABLE)
    except (PostgresError, *BROKEN) as error:
        raise unavailable(error) from error
    return link


async def disconnect(link: Link) -> None:
    """Say goodbye to the server, without waiting for long."""
    try:
        await link.close(timeout=1)
    except (PostgresError, *BROKEN):
        link.terminate()
    # The event loop closes the socket at its next turn.
    await asyncio.sleep(0)
