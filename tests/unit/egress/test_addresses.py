import ipaddress

import pytest

from ostiary.egress.addresses import AllowList, is_public
from ostiary.egress.target import parse_target


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2606:4700:4700::1111",
        "2a00:1450::1",
    ],
)
def test_addresses_of_the_internet_are_public(text):
    assert is_public(ipaddress.ip_address(text))


PRIVATE = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "0.255.255.255", "::"],
    "loopback": ["127.0.0.1", "127.1.2.3", "127.255.255.255", "::1"],
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "unique-local": ["fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1"],
    "site-local": ["fec0::1"],
    "shared": ["100.64.0.1", "100.127.255.255"],
    "metadata": ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
    "metadata-v6": ["fd00:ec2::254", "fd20:ce::254"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "broadcast": ["255.255.255.255"],
    "reserved": ["240.0.0.1", "4000::1", "8000::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmark": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"],
    "compatible": ["::127.0.0.1", "::8.8.8.8"],
    "translated": ["::ffff:0:127.0.0.1"],
    "nat64": ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::1", "2002:808:808::1", "192.88.99.1"],
    "teredo": ["2001::1", "2001:0:7f00:1::"],
    "orchid": ["2001:10::1", "2001:20::1"],
    "discard": ["100::1"],
    "segment-routing": ["5f00::1"],
}


@pytest.mark.parametrize("text", [text for kind in PRIVATE.values() for text in kind])
def test_every_other_address_is_not(text):
    """SS-01."""
    address = ipaddress.ip_address(text)
    assert not is_public(address)
    assert not AllowList().holds(address)


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("127.0.0.0/8", "127.0.0.1", "::1"),
        ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("::1", "::1", "::2"),
        ("fd00::/8", "fd12::1", "fc00::1"),
        ("169.254.169.254/32", "169.254.169.254", "169.254.169.253"),
        ("127.0.0.0/8", "127.0.0.1", "::ffff:127.0.0.1"),
        ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b::7f00:1"),
        ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b::a00:1"),
        ("::ffff:0:0/96", "::ffff:8.8.8.8", "::ffff:127.0.0.1"),
    ],
)
def test_a_network_can_be_allowed(entry, inside, outside):
    allowed = AllowList([entry])
    assert allowed.holds(ipaddress.ip_address(inside))
    assert not allowed.holds(ipaddress.ip_address(outside))


def test_what_stands_for_another_address_needs_both_to_be_allowed():
    both = AllowList(["64:ff9b::/96", "10.0.0.0/8"])
    assert both.holds(ipaddress.ip_address("64:ff9b::a00:1"))


@pytest.mark.parametrize(
    ("entry", "url", "allowed"),
    [
        ("idp.internal:8443", "https://idp.internal:8443/x", True),
        ("IDP.internal:8443", "https://idp.INTERNAL:8443/x", True),
        ("idp.internal:8443", "https://idp.internal/x", False),
        ("idp.internal:8443", "https://x.idp.internal:8443/", False),
        ("idp.internal:80", "http://idp.internal/", True),
        ("idp.internal:443", "https://idp.internal/", True),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/", True),
        ("127.0.0.1:8080", "http://127.0.0.1:8081/", False),
        ("[::1]:8080", "http://[0:0::1]:8080/", True),
        ("[0::0:1]:8080", "http://[::1]:8080/", True),
    ],
)
def test_a_target_can_be_allowed_by_name_and_port(entry, url, allowed):
    assert AllowList([entry]).names(parse_target(url)) is allowed


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "example.com",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "https://example.com:443",
        "example.com:",
        "example.com:0",
        "example.com:70000",
        "example.com:https",
        ":443",
        "example.com:443/path",
        "example.com:443 ",
        "user@example.com:443",
        "[::1]",
        "::1:8080x",
    ],
)
def test_an_entry_that_is_neither_is_refused(entry):
    with pytest.raises(ValueError, match=r"neither a network such as 10\.0\.0\.0/8 nor a target"):
        AllowList([entry])
