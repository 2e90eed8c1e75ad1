"""What a person signs in with: what may be added and removed, and what goes with it."""

import pytest

from ostiary.clock import SystemEntropy
from ostiary.identity.factors import (
    MAX_PASSKEYS,
    FactorRefused,
    Factors,
    add_email_code,
    add_passkey,
    add_totp,
    clean_name,
    kinds_of,
    passkey_id,
    remove,
    remove_all,
    remove_password,
    rename,
    replace_recovery_codes,
    user_handle,
)
from ostiary.identity.passkeys import Registered
from ostiary.identity.recovery_codes import digest_code, make_codes
from ostiary.model.factor import EmailCode, Factor, FactorKind, Passkey, RecoveryCodes, Totp
from ostiary.model.policy import LoginPolicy, MfaPolicy, MfaRequired, Policies
from ostiary.model.user import User
from ostiary.oauth.effects import Delete, Insert, Update
from support import records

NOW = 1_800_000_000
ENTROPY = SystemEntropy()
ANY = Policies()
REQUIRED = Policies(mfa=MfaPolicy(required=MfaRequired.ALWAYS))
CREDENTIALS = {
    FactorKind.PASSKEY: Passkey(credential_id=b"p", public_key=b"k"),
    FactorKind.BOUND_PASSKEY: Passkey(credential_id=b"b", public_key=b"k"),
    FactorKind.TOTP: Totp(sealed=b"s"),
    FactorKind.EMAIL_CODE: EmailCode(),
    FactorKind.RECOVERY_CODE: RecoveryCodes(digests=(b"d" * 32,)),
}


def having(*kinds: FactorKind, policies: Policies = ANY, **fields: object) -> Factors:
    """Somebody with factors of these kinds, whose ids are the kinds."""
    present = tuple(
        Factor(
            id=kind,
            user_id="alice",
            kind=kind,
            credential=CREDENTIALS[kind],
            created_at=NOW,
        )
        for kind in kinds
    )
    user = User(
        **{
            "id": "alice",
            "organization_id": "acme",
            "username": "alice",
            "password_hash": "hash",
            "email": "alice@acme.test",
            "email_verified": True,
            "factors": kinds_of(present),
            **fields,
        }
    )
    trusted = (records.trusted_device(),)
    return Factors(user=user, present=present, policies=policies, trusted=trusted)


def registered(**fields: object) -> Registered:
    values = {
        "credential_id": b"new",
        "public_key": b"key",
        "sign_count": 3,
        "backup_eligible": True,
        "backed_up": True,
        "transports": ("internal",),
        "aaguid": bytes(16),
    }
    return Registered(**(values | fields))


def left(effects) -> tuple[FactorKind, ...]:
    """What the user's record says afterwards."""
    (update,) = [one for one in effects if isinstance(one, Update) and isinstance(one.record, User)]
    return update.changes["factors"]


def gone(effects) -> set[str]:
    return {one.key for one in effects if isinstance(one, Delete)}


@pytest.mark.parametrize(
    ("eligible", "kind"), [(True, FactorKind.PASSKEY), (False, FactorKind.BOUND_PASSKEY)]
)
def test_a_passkey_is_told_from_one_that_cannot_leave_its_device(eligible, kind):
    factor, effects = add_passkey(having(), registered(backup_eligible=eligible), " My  key ", NOW)
    assert (factor.kind, factor.name, factor.id) == (kind, "My key", passkey_id(b"new"))
    assert left(effects) == (kind,)
    assert Insert(factor) in effects


def test_an_account_has_so_many_passkeys_at_most():
    many = having(*[FactorKind.PASSKEY] * MAX_PASSKEYS)
    with pytest.raises(FactorRefused, match="too_many"):
        add_passkey(many, registered(), "", NOW)


def test_of_an_app_and_of_mail_there_is_one():
    both = having(FactorKind.TOTP, FactorKind.EMAIL_CODE)
    with pytest.raises(FactorRefused, match="present_already"):
        add_totp(both, b"sealed", 7, NOW)
    with pytest.raises(FactorRefused, match="present_already"):
        add_email_code(both, NOW)


@pytest.mark.parametrize("fields", [{"email": None}, {"email_verified": False}], ids=str)
def test_mail_needs_an_address_that_is_confirmed(fields):
    with pytest.raises(FactorRefused, match="email_unverified"):
        add_email_code(having(**fields), NOW)


def test_what_the_policy_does_not_have_is_refused():
    person = having(policies=Policies(login=LoginPolicy(allowed_factors=("password",))))
    for add in (
        lambda: add_passkey(person, registered(), "", NOW),
        lambda: add_totp(person, b"sealed", 7, NOW),
        lambda: add_email_code(person, NOW),
        lambda: replace_recovery_codes(person, ENTROPY, NOW),
    ):
        with pytest.raises(FactorRefused, match="not_allowed"):
            add()


def test_recovery_codes_are_kept_as_digests_and_replaced_as_a_whole():
    codes, effects = replace_recovery_codes(having(FactorKind.TOTP), ENTROPY, NOW)
    (insert,) = [one for one in effects if isinstance(one, Insert)]
    assert insert.record.credential.digests == tuple(map(digest_code, codes))
    assert not [code for code in codes if code in repr(effects)]
    again = having(FactorKind.TOTP, FactorKind.RECOVERY_CODE)
    codes, effects = replace_recovery_codes(again, ENTROPY, NOW)
    change = next(one for one in effects if isinstance(one.record, Factor))
    assert change.changes["credential"].digests == tuple(map(digest_code, codes))


def test_recovery_codes_are_random_and_read_however_they_are_spelt():
    codes = make_codes(ENTROPY)
    assert len({*codes, *make_codes(ENTROPY)}) == 20
    assert all(len(code.replace("-", "")) == 20 for code in codes)
    assert digest_code(codes[0].lower().replace("-", " ")) == digest_code(codes[0])
    for odd in ("", codes[0][:-1], codes[0] + "A", codes[0].replace(codes[0][0], "0"), "é" * 20):
        assert digest_code(odd) is None


class TestRemoving:
    """The last way in stays, and with the last second factor goes what hangs on it."""

    def test_one_of_several(self):
        person = having(FactorKind.PASSKEY, FactorKind.TOTP, FactorKind.RECOVERY_CODE)
        effects = remove(person, FactorKind.TOTP)
        assert gone(effects) == {FactorKind.TOTP}
        assert left(effects) == (FactorKind.PASSKEY, FactorKind.RECOVERY_CODE)

    def test_the_last_second_factor_takes_codes_and_trust_with_it(self):
        effects = remove(having(FactorKind.TOTP, FactorKind.RECOVERY_CODE), FactorKind.TOTP)
        assert gone(effects) == {FactorKind.TOTP, FactorKind.RECOVERY_CODE, "trusted"}
        assert left(effects) == ()

    def test_not_the_last_one_where_a_policy_demands_it(self):
        person = having(FactorKind.TOTP, policies=REQUIRED)
        with pytest.raises(FactorRefused, match="last_second_factor"):
            remove(person, FactorKind.TOTP)

    def test_not_the_last_passkey_of_somebody_without_a_password(self):
        person = having(FactorKind.PASSKEY, FactorKind.TOTP, password_hash=None)
        with pytest.raises(FactorRefused, match="last_way_in"):
            remove(person, FactorKind.PASSKEY)
        assert gone(remove(person, FactorKind.TOTP)) == {FactorKind.TOTP}

    def test_what_is_not_there(self):
        with pytest.raises(FactorRefused, match="unknown"):
            remove(having(FactorKind.TOTP), "other")
        with pytest.raises(FactorRefused, match="unknown"):
            rename(having(FactorKind.TOTP), "other", "name")

    def test_everything_at_once(self):
        effects = remove_all(having(*FactorKind))
        assert gone(effects) == {*FactorKind, "trusted"}
        assert left(effects) == ()


@pytest.mark.parametrize("kind", [FactorKind.PASSKEY, FactorKind.BOUND_PASSKEY])
def test_a_password_can_go_where_there_is_a_passkey(kind):
    (update,) = remove_password(having(kind), NOW)
    assert update.changes == {"password_hash": None, "credentials_changed_at": NOW}


@pytest.mark.parametrize("kinds", [(), (FactorKind.TOTP, FactorKind.EMAIL_CODE)])
def test_a_password_stays_where_there_is_none(kinds):
    with pytest.raises(FactorRefused, match="last_way_in"):
        remove_password(having(*kinds), NOW)


def test_a_handle_says_nothing_about_its_owner():
    assert len(user_handle("alice")) == 32
    assert user_handle("alice") != user_handle("bob")
    assert b"alice" not in user_handle("alice")


def test_names_are_cleaned():
    assert clean_name("  My\n\u202e key\x00 ") == "My key"
    assert len(clean_name("x" * 5000)) == 64
