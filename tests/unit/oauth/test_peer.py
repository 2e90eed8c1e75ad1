"""Address prefixes under which strangers are counted."""

import pytest

from ostiary.oauth.peer import peer_of


@pytest.mark.parametrize(
    ("ip", "peer"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "local"),
        ("unix:", "local"),
        ("300.0.0.1", "local"),
    ],
)
def test_peer(ip, peer):
    assert peer_of(ip) == peer
