"""Signing in with a password that another system hashed: once, and then it is hashed anew."""

import asyncio
import base64

import pytest

from ostiary.identity import foreign_forms, passwords
from ostiary.identity.hashing import Slot
from support.instance import ENTROPY, PASSWORD, open_instance

SHA256 = bytes.fromhex("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")
ENCODED = foreign_forms.read(f"pbkdf2_sha256$4096$salt${base64.b64encode(SHA256).decode()}")


async def test_the_first_sign_in_hashes_a_password_anew(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add_user("moved", password=None, password_hash=ENCODED)
        async with instance.browser() as browser:
            wrong = await browser.sign_in("moved", "Password")
            assert wrong.status_code == 403
            assert (await instance.user("moved")).password_hash == ENCODED
            right = await browser.sign_in("moved", "password")
            assert right.status_code == 303
        moved = await instance.user("moved")
        assert moved.password_hash.startswith("$argon2id$v=19$")
        # What the password opened stays open: nobody has changed it.
        assert moved.credentials_changed_at == 0
        async with instance.browser() as browser:
            assert (await browser.sign_in("moved", "password")).status_code == 303
            assert (await browser.sign_in("moved", "Password")).status_code == 403


async def test_two_first_sign_ins_at_once_leave_one_good_hash(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add_user("moved", password=None, password_hash=ENCODED)
        async with instance.browser() as one, instance.browser() as two:
            both = await asyncio.gather(
                one.sign_in("moved", "password"), two.sign_in("moved", "password")
            )
        assert [answer.status_code for answer in both] == [303, 303]
        assert (await instance.user("moved")).password_hash.startswith("$argon2id$v=19$")


@pytest.mark.parametrize(("renewed", "status"), [(PASSWORD, 303), ("another one by now", 403)])
async def test_a_hash_that_is_replaced_meanwhile_decides(tmp_path, monkeypatch, renewed, status):
    """Whoever signs in at the same time is not turned away, unless the password is another."""
    async with open_instance(tmp_path) as instance:
        verify, verified = Slot.verify, []

        async def replace_and_verify(slot, encoded, secret):
            matches = await verify(slot, encoded, secret)
            if not verified:
                other = passwords.hash_password(
                    passwords.normalize(renewed), ENTROPY, instance.parameters
                )
                await instance.change(await instance.user("alice"), password_hash=other)
            verified.append(matches)
            return matches

        monkeypatch.setattr(Slot, "verify", replace_and_verify)
        async with instance.browser() as browser:
            assert (await browser.sign_in("alice", PASSWORD)).status_code == status
        assert verified == [True, status == 303]
