"""Connections to the database file, and the places where such a file may not be."""

import os
import sqlite3
from pathlib import Path

from ostiary.oauth.effects import Unavailable
from ostiary.store.engine import SchemaError

_OLDEST = (3, 38, 0)  # STRICT tables and RETURNING without known bugs

# File systems whose locks, shared memory or fsync do not reach the other machines (or the
# host) that may have the same file open.
_NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs", "gfs2", "glusterfs", "gpfs"),
        *("lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "smb2", "smb3"),
        *("smbfs", "virtiofs"),
    }
)
_NETWORK_FUSE = frozenset(
    {
        *("ceph-fuse", "curlftpfs", "davfs", "davfs2", "gcsfuse", "glusterfs", "goofys"),
        *("grpcfuse", "juicefs", "mfs", "osxfs", "rclone", "s3fs", "seaweedfs", "sshfs"),
    }
)

_PAGES_BEFORE_CHECKPOINT = 1000
_JOURNAL_LIMIT = 64 * 1024 * 1024


def file_system_of(path: Path, mounts: str) -> str | None:
    """Return the type of the file system that a folder is on, from the text of mountinfo.

    The device decides, not the path, so that bind mounts and links are seen through. None
    where the device is not listed.
    """
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        fields = line.split(" ")
        if fields[2] == wanted:
            return fields[fields.index("-") + 1]
    return None


def is_network(file_system: str) -> bool:
    """Tell whether a file system is shared over a network, so that locks cannot be trusted."""
    name, _, driver = file_system.partition(".")
    return name in _NETWORK or (name == "fuse" and driver in _NETWORK_FUSE)


def prepare_folder(path: Path) -> None:
    """Make sure that the database may lie at `path`, and that nobody else can read it.

    Raises:
        SchemaError: SQLite is too old, the folder is missing, or it is on a network file
            system.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        needed = ".".join(map(str, _OLDEST))
        raise SchemaError(
            f"SQLite {sqlite3.sqlite_version} is too old. Install {needed} or later, or use "
            "PostgreSQL."
        )
    folder = path.parent
    if not folder.is_dir():
        raise SchemaError(f"The folder {folder} of the database does not exist. Create it.")
    mounts = Path("/proc/self/mountinfo")
    if mounts.exists():
        file_system = file_system_of(folder, mounts.read_text(encoding="utf-8"))
        if file_system is not None and is_network(file_system):
            raise SchemaError(
                f"{folder} is on a network file system ({file_system}), where SQLite loses "
                "data. Put the database on a local disk, or use PostgreSQL."
            )
    try:
        # SQLite gives the journal and the shared memory the permissions of this file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise SchemaError(
            f"The database {path} cannot be written: {error.strerror}. Check its owner and "
            "permissions."
        ) from error


def connect(path: Path, *, wait: float, cache_kib: int, write: bool = False) -> sqlite3.Connection:
    """Open a connection that waits `wait` seconds for locks of others.

    Raises:
        Unavailable: the file cannot be opened now.
        SchemaError: the file is not a database.
    """
    connection = None
    try:
        connection = sqlite3.connect(
            path,
            timeout=wait,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            f"cache_size = -{cache_kib}",
            f"wal_autocheckpoint = {_PAGES_BEFORE_CHECKPOINT}",
            f"journal_size_limit = {_JOURNAL_LIMIT}",
            f"query_only = {'OFF' if write else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.OperationalError):
            raise unavailable(error) from error
        raise SchemaError(
            f"{path} is not a SQLite database: {error}. Give another path."
        ) from error
    return connection


def unavailable(error: sqlite3.Error) -> Unavailable:
    """Return what callers are told of an error of the database."""
    return Unavailable(f"SQLite: {error}")
