import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.clock import SystemEntropy
from ostiary.jose.errors import NoSigningKey
from ostiary.login import mac
from ostiary.login.device import Device, Visit, knows, read_device, remember_visit

ENTROPY = SystemEntropy()


class Keys:
    """Keys of one purpose, the last one current."""

    def __init__(self, *versions: int) -> None:
        self._keys = {version: bytes([version]) * 32 for version in versions}

    def mac(self, purpose: str) -> tuple[int, bytes]:
        assert purpose == "browser"
        version = max(self._keys)
        return version, self._keys[version]

    def mac_key(self, purpose: str, version: int) -> bytes:
        assert purpose == "browser"
        if version not in self._keys:
            raise NoSigningKey("gone", rule="key-missing")
        return self._keys[version]


KEYS = Keys(1)


def test_a_device_knows_who_signed_in_on_it() -> None:
    device = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    again = read_device(device.cookie())
    assert again == device
    assert knows(again, KEYS, "alice", 0)
    assert not knows(again, KEYS, "bob", 0)
    assert not knows(None, KEYS, "alice", 0)


def test_a_device_knows_several_people() -> None:
    device = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    device = remember_visit(device, KEYS, "bob", 200, ENTROPY)
    device = remember_visit(device, KEYS, "alice", 300, ENTROPY)
    assert len(device.visits) == 2
    assert knows(device, KEYS, "alice", 300)
    assert knows(device, KEYS, "bob", 200)


def test_the_oldest_of_nine_people_is_forgotten() -> None:
    device = None
    for number in range(9):
        device = remember_visit(device, KEYS, f"user-{number}", 100, ENTROPY)
    assert not knows(device, KEYS, "user-0", 0)
    assert all(knows(device, KEYS, f"user-{number}", 0) for number in range(1, 9))
    assert device is not None
    assert len(device.cookie()) < 500
    assert read_device(device.cookie()) == device


def test_mf_11_a_change_of_credentials_ends_it() -> None:
    device = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    assert knows(device, KEYS, "alice", 100)
    assert not knows(device, KEYS, "alice", 101)


def test_mf_11_a_mark_is_worth_nothing_on_another_device() -> None:
    mine = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    other = remember_visit(None, KEYS, "mallory", 100, ENTROPY)
    assert not knows(Device(other.id, mine.visits), KEYS, "alice", 0)


def test_the_time_in_a_mark_cannot_be_changed() -> None:
    device = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    forged = Device(device.id, (Visit(999, device.visits[0].mark),))
    assert not knows(forged, KEYS, "alice", 0)


def test_old_keys_count_until_they_are_gone() -> None:
    device = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    assert knows(device, Keys(1, 2), "alice", 0)
    assert not knows(device, Keys(2, 3), "alice", 0)


def test_se_01_the_cookie_names_nobody() -> None:
    device = remember_visit(None, KEYS, "alice", 100, ENTROPY)
    assert "alice" not in device.cookie()


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        ".",
        "abc.",
        "abc.1",
        "abc.x~1-y",
        "abc.-1~1-y",
        "ab c.1~1-y",
        "é.1~1-y",
        "abc" + ".1~1-y" * 9,
        "a" * 2000,
    ],
)
def test_a_cookie_that_is_none_of_ours_is_no_device(cookie: str | None) -> None:
    assert read_device(cookie) is None


@given(st.text(max_size=300))
def test_no_cookie_breaks_the_reader_or_is_believed(cookie: str) -> None:
    device = read_device(cookie)
    assert not knows(device, KEYS, "alice", 0)


@given(st.text(max_size=60))
def test_no_made_up_value_is_authentic(value: str) -> None:
    assert not mac.verify(KEYS, value, "form", "a")


@pytest.mark.parametrize(
    "value", ["", "1", "1-", "-x", "\N{FULLWIDTH DIGIT NINE}-x", "1" * 400 + "-x", "-1-x", "+1-x"]
)
def test_malformed_values_are_not_authentic(value: str) -> None:
    assert not mac.verify(KEYS, value, "form", "a")


def test_labels_and_parts_are_kept_apart() -> None:
    value = mac.make(KEYS, "form", "ab", "c")
    assert mac.verify(KEYS, value, "form", "ab", "c")
    assert not mac.verify(KEYS, value, "form", "a", "bc")
    assert not mac.verify(KEYS, value, "form", "ab", "c", "")
    assert not mac.verify(KEYS, value, "device", "ab", "c")
    assert not mac.verify(KEYS, value.upper(), "form", "ab", "c")


def test_lx_02_a_name_tag_does_not_tell_the_name() -> None:
    tag = mac.name_tag(KEYS, "correct horse battery staple")
    assert tag == mac.name_tag(KEYS, "correct horse battery staple")
    assert tag != mac.name_tag(KEYS, "correct horse battery stable")
    assert "correct" not in tag
