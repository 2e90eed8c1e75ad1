"""Outbound addresses: what is read is what is checked, and nothing inside passes."""

import ipaddress
from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from ostiary.egress.addresses import AllowList, is_public
from ostiary.egress.errors import FetchFailed
from ostiary.egress.target import parse_target

v4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
v6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)
global_v6 = st.integers(2 << 124, (4 << 124) - 1).map(ipaddress.IPv6Address)
special = st.sampled_from(
    [
        *("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
        *("100.64.0.0/10", "224.0.0.0/4", "240.0.0.0/4", "0.0.0.0/8", "198.18.0.0/15"),
        *("fc00::/7", "fe80::/10", "ff00::/8", "::ffff:0:0/96", "64:ff9b::/96"),
    ]
).map(ipaddress.ip_network)
pieces = st.lists(
    st.sampled_from(
        [
            *("https://", "http://", "://", "@", ":", "/", "\\", "#", "?", "[", "]", ".", "%"),
            *("127.0.0.1", "::1", "localhost", "example.com", "443", "0x7f", "0", "1"),
            *("ä", " ", "\n", "a"),
        ]
    ),
    max_size=8,
).map("".join)
urls = st.text(max_size=40) | pieces | pieces.map("https://{}".format)


@given(v4 | v6 | global_v6)
def test_a_public_address_is_public_by_the_registries_too(address):
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved
        assert getattr(address, "ipv4_mapped", None) is None
        assert getattr(address, "sixtofour", None) is None
        assert getattr(address, "teredo", None) is None


@given(special, st.data())
def test_no_address_of_a_special_network_is_public(network, data):
    offset = data.draw(st.integers(0, network.num_addresses - 1))
    assert not is_public(network[offset])
    assert not AllowList().holds(network[offset])


@given(v4 | v6, v4 | v6)
def test_allowing_one_address_allows_no_other(allowed, other):
    assert AllowList([str(allowed)]).holds(other) <= (allowed == other)


@given(urls)
@example("https://[::1%1]/")
@example("https://[::1]:/")
@example("https://\u2100.example/")
def test_an_address_is_read_as_others_read_it_or_refused(url):
    try:
        target = parse_target(url)
    except FetchFailed:
        return
    assert target.scheme in {"http", "https"}
    assert 0 < target.port < 65536
    assert target.path.startswith("/")
    assert target.host == target.host.lower()
    again = urlsplit(url)
    assert again.username is None
    read = again.hostname or ""
    assert (str(ipaddress.ip_address(read)) if ":" in read else read) == target.host
    if target.address is None:
        # A name: no resolver takes it for a number.
        assert not target.host.rpartition(".")[2].isdigit()


@given(urls)
def test_reading_twice_changes_nothing(url):
    try:
        target = parse_target(url)
    except FetchFailed:
        return
    host = f"[{target.host}]" if ":" in target.host else target.host
    assert parse_target(f"{target.scheme}://{host}:{target.port}{target.path}") == target
