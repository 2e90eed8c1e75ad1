import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.login import lockout
from ostiary.login.errors import Throttled
from ostiary.login.lockout import Door
from ostiary.model.grant import Usage
from ostiary.model.policy import LockoutPolicy

POLICY = LockoutPolicy()
NOW = 1_000_000
KNOWN = Door("login:u1:d1", known=True)
UNKNOWN = Door("login:u1", known=False)


def used(door: Door, count: int, *, last_at: int = NOW) -> dict[str, Usage]:
    expires_at = NOW + lockout.WINDOW
    return {door.key: Usage(key=door.key, count=count, last_at=last_at, expires_at=expires_at)}


def wait(door: Door, count: int, policy: LockoutPolicy = POLICY) -> int | None:
    """How long a try must wait right after `count` failures; 0 where it need not."""
    try:
        lockout.admit(door, used(door, count), policy, NOW)
    except Throttled as throttled:
        return throttled.seconds
    return 0


@pytest.mark.parametrize("door", [KNOWN, UNKNOWN])
@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16)],
)
def test_five_free_attempts_then_growing_delays(door: Door, failures: int, seconds: int) -> None:
    assert wait(door, failures) == seconds


@pytest.mark.parametrize(
    ("failures", "seconds"), [(10, 32), (11, 60), (40, 60), (99, 60), (100, 60), (10_000, 60)]
)
def test_lo_05_a_known_device_waits_a_minute_at_most(failures: int, seconds: int) -> None:
    assert wait(KNOWN, failures) == seconds


@pytest.mark.parametrize(("failures", "seconds"), [(10, 900), (99, 900), (100, None), (999, None)])
def test_unknown_devices_are_locked_and_at_last_shut_out(failures, seconds) -> None:
    assert wait(UNKNOWN, failures) == seconds


@pytest.mark.parametrize(("door", "failures"), [(KNOWN, 7), (UNKNOWN, 7), (UNKNOWN, 12)])
def test_after_the_wait_one_attempt_is_let_in(door: Door, failures: int) -> None:
    seconds = wait(door, failures)
    assert seconds is not None
    usage = used(door, failures)
    with pytest.raises(Throttled) as early:
        lockout.admit(door, usage, POLICY, NOW + seconds - 1)
    assert early.value.seconds == 1
    count = lockout.admit(door, usage, POLICY, NOW + seconds)
    assert count.limit == failures + 1


@pytest.mark.parametrize("failures", range(5))
def test_the_free_attempts_are_free_together(failures: int) -> None:
    assert lockout.admit(UNKNOWN, used(UNKNOWN, failures), POLICY, NOW).limit == 5


def test_the_first_attempt_ever() -> None:
    count = lockout.admit(UNKNOWN, {}, POLICY, NOW)
    assert (count.key, count.limit, count.at) == (UNKNOWN.key, 5, NOW)


def test_a_lapsed_window_counts_nothing() -> None:
    usage = {UNKNOWN.key: Usage(key=UNKNOWN.key, count=50, last_at=NOW, expires_at=NOW)}
    assert lockout.admit(UNKNOWN, usage, POLICY, NOW).limit == 5


def test_a_clock_that_was_set_back_does_not_prolong_the_wait() -> None:
    usage = used(UNKNOWN, 6, last_at=NOW + 5000)
    with pytest.raises(Throttled) as throttled:
        lockout.admit(UNKNOWN, usage, POLICY, NOW)
    assert throttled.value.seconds == 2


policies = st.builds(
    LockoutPolicy,
    free_attempts=st.integers(1, 20),
    soft_lock_after=st.integers(5, 100),
    soft_lock_seconds=st.integers(60, 86400),
    hard_ceiling=st.integers(10, 100),
)


@given(policies, st.integers(0, 200))
def test_no_policy_lets_an_unknown_device_past_its_locks(policy, failures) -> None:
    seconds = wait(UNKNOWN, failures, policy)
    if failures >= policy.hard_ceiling:
        assert seconds is None
    elif failures >= policy.soft_lock_after:
        assert seconds == policy.soft_lock_seconds
    elif failures < policy.free_attempts:
        assert seconds == 0
    else:
        assert seconds is not None
        assert 1 <= seconds <= 60


@given(policies, st.integers(0, 200))
def test_the_limit_admits_one_of_those_who_saw_the_same_count(policy, failures) -> None:
    later = NOW + policy.soft_lock_seconds + 60
    for door in (KNOWN, UNKNOWN):
        try:
            count = lockout.admit(door, used(door, failures), policy, later)
        except Throttled:
            continue
        free = min(policy.free_attempts, policy.soft_lock_after, policy.hard_ceiling)
        assert count.limit > failures
        assert count.limit <= max(policy.free_attempts if door.known else free, failures + 1)


def test_the_lock_is_told_once() -> None:
    tellings = [
        failures
        for failures in range(20)
        if lockout.locks(UNKNOWN, used(UNKNOWN, failures), POLICY, NOW)
    ]
    assert tellings == [9]
    assert not lockout.locks(KNOWN, used(KNOWN, 9), POLICY, NOW)


def test_a_known_device_has_a_counter_of_its_own() -> None:
    assert lockout.choose_door("u1", "d1", {}, POLICY, NOW) == KNOWN
    assert lockout.choose_door("u1", None, {}, POLICY, NOW) == UNKNOWN
    assert lockout.choose_door("u1", "d1", used(UNKNOWN, 5000), POLICY, NOW) == KNOWN


def test_a_known_device_that_failed_a_hundred_times_is_known_no_longer() -> None:
    assert lockout.choose_door("u1", "d1", used(KNOWN, 99), POLICY, NOW) == KNOWN
    assert lockout.choose_door("u1", "d1", used(KNOWN, 100), POLICY, NOW) == UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
def test_addresses_are_counted_by_what_one_stranger_commands(one, other, same) -> None:
    assert (lockout.address_key(one) == lockout.address_key(other)) is same


@pytest.mark.parametrize(
    ("ip", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_loopback(ip: str, loopback: bool) -> None:
    assert lockout.is_loopback(ip) is loopback


def address_usage(count: int, expires_at: int) -> dict[str, Usage]:
    key = lockout.address_key("192.0.2.1")
    return {key: Usage(key=key, count=count, last_at=NOW, expires_at=expires_at)}


@pytest.mark.parametrize(("failures", "admitted"), [(0, True), (29, True), (30, False)])
def test_an_address_fails_thirty_times_a_minute(failures: int, admitted: bool) -> None:
    key, usage = lockout.address_key("192.0.2.1"), address_usage(failures, NOW + 20)
    if admitted:
        lockout.admit_address(key, usage, POLICY, NOW)
        return
    with pytest.raises(Throttled) as throttled:
        lockout.admit_address(key, usage, POLICY, NOW)
    assert throttled.value.address
    assert throttled.value.seconds == 20


def test_an_address_is_admitted_once_its_minute_is_over() -> None:
    usage = address_usage(500, NOW)
    lockout.admit_address(lockout.address_key("192.0.2.1"), usage, POLICY, NOW)


def test_the_limit_of_addresses_can_be_off() -> None:
    usage = address_usage(500, NOW + 60)
    lockout.admit_address(None, usage, POLICY, NOW)
    off = LockoutPolicy(failures_per_address_per_minute=0)
    lockout.admit_address(lockout.address_key("192.0.2.1"), usage, off, NOW)
