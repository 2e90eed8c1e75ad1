import re

import pytest

from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.target import MAX_LENGTH, parse_target


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com", ("https", "example.com", 443, "/")),
        ("https://example.com/", ("https", "example.com", 443, "/")),
        ("HTTPS://Example.COM:8443/A/b?c=D&e", ("https", "example.com", 8443, "/A/b?c=D&e")),
        ("https://example.com?x=1", ("https", "example.com", 443, "/?x=1")),
        ("https://example.com/a#fragment", ("https", "example.com", 443, "/a")),
        ("http://example.com", ("http", "example.com", 80, "/")),
        (
            "https://xn--bcher-kva.example/%C3%A4",
            ("https", "xn--bcher-kva.example", 443, "/%C3%A4"),
        ),
        ("https://a_b.example/", ("https", "a_b.example", 443, "/")),
        ("https://localhost:1/", ("https", "localhost", 1, "/")),
        ("https://93.184.216.34/x", ("https", "93.184.216.34", 443, "/x")),
        ("https://[2606:2800:220:1::1]:444/", ("https", "2606:2800:220:1::1", 444, "/")),
        ("https://[::FFFF:7f00:1]/", ("https", "::ffff:7f00:1", 443, "/")),
        ("https://1.example/", ("https", "1.example", 443, "/")),
        ("https://example.com/a//b/../c", ("https", "example.com", 443, "/a//b/../c")),
        ("https://example.com/@x:y", ("https", "example.com", 443, "/@x:y")),
    ],
)
def test_an_address_is_read(url, parts):
    target = parse_target(url)
    assert (target.scheme, target.host, target.port, target.path) == parts
    assert (target.address is not None) == (":" in target.host or target.host[-1].isdigit())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "https:/example.com",
        "https:example.com",
        "https://",
        "https:///path",
        "https://?x",
        "https://#x",
        "ftp://example.com/",
        "gopher://127.0.0.1:25/_EHLO",
        "file:///etc/passwd",
        "unix:/run/x.sock",
        "unix:///run/x.sock",
        "data:text/plain,x",
        "javascript:alert(1)",
        "jar:https://example.com!/",
        "https+unix://x/",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/a b",
        "https://exam\nple.com/",
        "https://example.com/\r\nX-Header: 1",
        "https://example.com\\@evil.test/",
        "https:\\\\example.com/",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:99999999/",
        "https://example.com:-1/",
        "https://example.com:+443/",
        "https://example.com:\uff14\uff14\uff13/",
        "https://example.com:443:443/",
        "https://example.com:/",
        "https://example.com:x/",
        "https://.example.com/",
        "https://example..com/",
        "https://example.com./",
        "https://-a.example/",
        "https://a-.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://ex%61mple.com/",
        "https://127.0.0.1%00.example.com/",
        "https://bücher.example/",
        "https://\u24d4xample.com/",
        "https://127\u30020\u30020\u30021/",
        "https://exam*ple.com/",
        "https://$HOST/",
        "https://example.com/${x}",
        "https://example.com/{{x}}",
        "https://example.com/%(x)s|",
        "https://a!b/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
        "https://[::1]:x/",
        "https://[127.0.0.1]/",
        "https://[v1.x]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[]/",
        "https://0/",
        "https://1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0x/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://127.0.0.256/",
        "https://127.0.0.1.1/",
        "https://1.2.3.4.5/",
        "https://example.1/",
        "https://example.0x1/",
        "https://example.com/" + "a" * MAX_LENGTH,
    ],
)
def test_what_two_readers_may_take_differently_is_refused(url):
    """SS-01: refused as it stands, rather than repaired."""
    with pytest.raises(FetchFailed) as caught:
        parse_target(url)
    assert caught.value.reason is Reason.URL
    assert str(caught.value) == "fetch_failed"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://user:secret@example.com/", "no user name or password"),
        ("https://bücher.example/", "xn-- form"),
        ("ftp://example.com/", "begins with https://"),
        ("https://127.1/", "four decimal numbers"),
        ("https://example.com:0/", "from 1 to 65535"),
        ("https://[fe80::1%25eth0]/", "is no IPv6 address|names an interface"),
    ],
)
def test_the_operator_is_told_what_to_change(url, words):
    with pytest.raises(FetchFailed) as caught:
        parse_target(url)
    assert re.search(words, caught.value.detail)
    assert "secret" not in caught.value.detail
