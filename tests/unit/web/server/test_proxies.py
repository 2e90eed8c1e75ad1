import pytest

from ostiary.web.server.proxies import Hop, Proxies
from ostiary.web.server.refusal import Refused

PROXIES = Proxies(["10.0.0.0/8", "2001:db8:1::/48"])


def find(*headers, peer="10.0.0.1"):
    return PROXIES.find_client(peer, [(name, value) for name, value in headers])


def test_membership():
    assert "10.9.8.7" in PROXIES
    assert "2001:db8:1::5" in PROXIES
    assert "192.0.2.1" not in PROXIES
    assert "2001:db8:2::5" not in PROXIES
    assert "10.9.8.7" not in Proxies([])


@pytest.mark.parametrize(
    ("value", "client"),
    [
        (b"192.0.2.7", "192.0.2.7"),
        (b"198.51.100.9, 192.0.2.7", "192.0.2.7"),
        (b"192.0.2.7, 10.0.0.2", "192.0.2.7"),
        (b"198.51.100.9, 192.0.2.7, 10.0.0.2 , 10.0.0.3", "192.0.2.7"),
        (b"192.0.2.7:4711", "192.0.2.7"),
        (b"[2001:db8::7]:4711", "2001:db8::7"),
        (b"2001:DB8::7", "2001:db8::7"),
        (b"::ffff:192.0.2.7", "192.0.2.7"),
        (b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        # What is no address cannot be followed: the last hop that is known counts.
        (b"192.0.2.7, unknown", "10.0.0.1"),
        (b"192.0.2.7, evil.test, 10.0.0.2", "10.0.0.2"),
        (b"", "10.0.0.1"),
        (b",,,", "10.0.0.1"),
        (b"\xff\xfe", "10.0.0.1"),
    ],
)
def test_x_forwarded_for(value, client):
    assert find((b"x-forwarded-for", value)) == Hop(client, None)


def test_several_x_forwarded_for_lines_are_one_list():
    lines = ((b"x-forwarded-for", b"198.51.100.9"), (b"x-forwarded-for", b"192.0.2.7"))
    assert find(*lines).address == "192.0.2.7"


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        (b"https", "https"),
        (b"http, HTTPS", "https"),
        (b"https, http", "http"),
        (b"gopher", None),
        (b"", None),
    ],
)
def test_x_forwarded_proto_is_the_word_of_the_nearest_proxy(value, scheme):
    proto = (b"x-forwarded-proto", value)
    assert find((b"x-forwarded-for", b"192.0.2.7"), proto) == Hop("192.0.2.7", scheme)
    assert find(proto) == Hop("10.0.0.1", scheme)


@pytest.mark.parametrize(
    ("value", "hop"),
    [
        (b"for=192.0.2.7", Hop("192.0.2.7", None)),
        (b"for=192.0.2.7;proto=https;by=10.0.0.1", Hop("192.0.2.7", "https")),
        (b"For=192.0.2.7 ; PROTO=HTTP", Hop("192.0.2.7", "http")),
        (b'for="192.0.2.7:4711"', Hop("192.0.2.7", None)),
        (b'for="[2001:db8::7]:4711";proto=https', Hop("2001:db8::7", "https")),
        (b"for=198.51.100.9, for=192.0.2.7;proto=https, for=10.0.0.2", Hop("192.0.2.7", "https")),
        (b'for="198.51.100.9, for=192.0.2.9", for=192.0.2.7', Hop("192.0.2.7", None)),
        (b'for="192.0.2\\.7"', Hop("192.0.2.7", None)),
        (b"for=unknown", Hop("10.0.0.1", None)),
        (b"for=_hidden, for=10.0.0.2", Hop("10.0.0.2", None)),
        (b"by=10.0.0.1", Hop("10.0.0.1", None)),
    ],
)
def test_rfc7239_forwarded(value, hop):
    assert find((b"forwarded", value)) == hop


@pytest.mark.parametrize(
    "value", [b'for="192.0.2.9', b"192.0.2.9", b"for=192.0.2.9;;", b"for:192.0.2.9", b"for=a b"]
)
def test_rfc7239_a_header_that_cannot_be_read_is_refused(value):
    # A client could open a quotation in which the proxy's own element would disappear.
    with pytest.raises(Refused) as caught:
        find((b"forwarded", value), (b"forwarded", b"for=192.0.2.7"))
    assert caught.value.refusal.status == 400


def test_two_headers_that_disagree_are_refused():
    forwarded = (b"forwarded", b"for=198.51.100.9")
    with pytest.raises(Refused) as caught:
        find(forwarded, (b"x-forwarded-for", b"192.0.2.7"))
    assert caught.value.refusal.status == 400
    assert find(forwarded, (b"x-forwarded-for", b"198.51.100.9")).address == "198.51.100.9"


def test_a_long_chain_is_followed_only_so_far():
    chain = b",".join([b"192.0.2.7"] + [b"10.0.0.2"] * 3000)
    assert find((b"x-forwarded-for", chain)).address == "10.0.0.2"
