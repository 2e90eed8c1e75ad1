"""Mail that a running server is about to send."""

import base64
import json
import sqlite3
import tomllib
from contextlib import closing

from ostiary.identity import tickets
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.keyring import KeyRing
from ostiary.model.key import InstanceKey
from ostiary.model.ticket import Purpose, Ticket
from support.server import Server


def mailed_code(server: Server, username: str) -> str:
    """Return the code that was mailed to somebody last, made as the mail makes it."""
    settings = tomllib.loads(server.configuration.read_text(encoding="utf-8"))
    text = settings["key_encryption_key"]
    keks = KeyEncryptionKeys(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    with closing(sqlite3.connect(server.folder / "ostiary.db")) as database:
        payloads = database.execute("SELECT payload FROM outbox WHERE topic = 'mail' ORDER BY id")
        mails = [json.loads(payload) for (payload,) in payloads]
        columns = "id, purpose, key_version, sealed, created_at"
        keys = [
            InstanceKey(id=id_, purpose=purpose, key_version=number, sealed=sealed, created_at=at)
            for id_, purpose, number, sealed, at in database.execute(
                f"SELECT {columns} FROM instance_keys"
            )
        ]
    ids = [
        mail["ticket_id"]
        for mail in mails
        if mail["to"].startswith(f"{username}@") and "ticket_id" in mail
    ]
    ring = KeyRing((), keys, keks)
    ticket = Ticket(
        digest=b"",
        id=ids[-1],
        purpose=Purpose.EMAIL_CODE,
        user_id="",
        organization_id="",
        email="",
        key_version=ring.mac(tickets.KEY)[0],
        created_at=0,
        expires_at=0,
    )
    return tickets.code_of(ring, ticket)
