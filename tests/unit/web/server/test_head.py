import pytest

from ostiary.web.server.head import decode_path, split_target
from ostiary.web.server.refusal import Refused


@pytest.mark.parametrize(
    ("target", "split"),
    [
        (b"/", (None, b"/")),
        (b"/a?b=c&d", (None, b"/a?b=c&d")),
        (b"//evil.test/a", (None, b"//evil.test/a")),
        (b"/http://evil.test/", (None, b"/http://evil.test/")),
        (b"http://login.test/a?b", (b"login.test", b"/a?b")),
        (b"HTTPS://login.test:8443", (b"login.test:8443", b"/")),
        (b"http://login.test?b", (b"login.test", b"/?b")),
        (b"http://[::1]:80/", (b"[::1]:80", b"/")),
    ],
)
def test_rfc9112_3_2_target(target, split):
    assert split_target(target) == split


@pytest.mark.parametrize(
    "target",
    [
        b"*",
        b"a",
        b"login.test:443",
        b"http://",
        b"http:///a",
        b"http://me@login.test/",
        b"http://login.test@evil.test/",
        b"ftp://login.test/",
        b"/a#b",
        b"http://login.test/a#b",
        b"/\xc3\xa4",
    ],
)
def test_rfc9112_3_2_target_refused(target):
    with pytest.raises(Refused) as caught:
        split_target(target)
    assert caught.value.refusal.status == 400


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a", "/a"),
        (b"/a%20b", "/a b"),
        (b"/%C3%A4", "/ä"),
        (b"/%2e%2E/%2F", "/..//"),
        (b"/%252e", "/%2e"),
        (b"/%ff", "/\ufffd"),
        (b"/%zz%", "/%zz%"),
    ],
)
def test_rfc3986_path_is_decoded_once(raw, path):
    assert decode_path(raw) == path
