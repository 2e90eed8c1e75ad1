"""What may be registered as a redirect URI, a link and an origin."""

import pytest

from ostiary.admin import uris

GOOD = [
    "https://app.test/cb",
    "https://app.test",
    "https://app.test:8443/cb?tenant=1&x=%20",
    "https://xn--bcher-kva.test/cb",
    "https://192.0.2.1/cb",
    "https://[2001:db8::1]:8443/cb",
    "http://localhost:3000/callback",
    "http://127.0.0.1/cb",
    "http://[::1]/cb",
    "com.example.app:/cb",
    "com.example.app://callback/path",
    "https://app.test/a%20b/~user;v=1,2",
]

# Attack id, or the rule; the URI.
BAD = [
    ("RU-04", "https://app.test@evil.test/cb"),
    ("RU-04", "https://app.test:443@evil.test/cb"),
    ("RU-04", "http://127.0.0.1:80@evil.test/cb"),
    ("RU-04", "https://user:pw@app.test/cb"),
    ("RU-06", "https://app.test/*"),
    ("RU-06", "https://*.app.test/cb"),
    ("RU-06", "https://app.test/cb?*"),
    ("RU-02", "https://APP.test/cb"),
    ("RU-02", "HTTPS://app.test/cb"),
    ("RU-03", "https://app.test/cb/../admin"),
    ("RU-03", "https://app.test/cb/./x"),
    ("RU-03", "https://app.test/cb/.."),
    ("RU-03", "https://app.test/cb%2f..%2fadmin"),
    ("RU-03", "https://app.test/%2e%2e/x"),
    ("RU-03", "https://app.test/a%5cb"),
    ("RU-03", "https://app.test/a%252f"),
    ("RU-17", "https://app.test/cb%00"),
    ("RU-17", "https://app.test/cb?x=%0d%0aSet-Cookie:x=1"),
    ("RU-17", "https://app.test/\tcb"),
    ("RU-17", "https://app.test/cb\n"),
    ("RU-17", "https://app.test\\@evil.test/"),
    ("RU-17", "https:/app.test/cb"),
    ("RU-17", "///evil.test"),
    ("RU-17", "//app.test/cb"),
    ("RU-17", "https://app\uff0etest/cb"),
    ("RU-17", "https://\u0430pp.test/cb"),
    ("RU-18", "https://app.test/" + "a" * 2048),
    ("RU-10", "http://127.1/cb"),
    ("RU-10", "http://0x7f000001/cb"),
    ("RU-10", "http://2130706433/cb"),
    ("RU-10", "http://127.0.0.2/cb"),
    ("RU-10", "http://[::ffff:127.0.0.1]/cb"),
    ("RU-10", "http://[0:0:0:0:0:0:0:1]/cb"),
    ("fragment", "https://app.test/cb#x"),
    ("fragment", "https://app.test/cb#"),
    ("http", "http://app.test/cb"),
    ("empty", ""),
    ("relative", "/cb"),
    ("relative", "app.test/cb"),
    ("host", "https://"),
    ("host", "https:///cb"),
    ("host", "https://.test/cb"),
    ("host", "https://app..test/cb"),
    ("host", "https://app.test./cb"),
    ("host", "https://-app.test/cb"),
    ("host", "https://" + "a." * 150 + "test/cb"),
    ("host", "https://[::1/cb"),
    ("host", "https://[v1.x]/cb"),
    ("host", "https://1.2.3/cb"),
    ("port", "https://app.test:/cb"),
    ("port", "https://app.test:0/cb"),
    ("port", "https://app.test:080/cb"),
    ("port", "https://app.test:65536/cb"),
    ("port", "https://app.test:٣/cb"),
    ("port", "https://app.test:99999999999999999999/cb"),
    ("port", "https://[::1]x/cb"),
    ("escape", "https://app.test/%"),
    ("escape", "https://app.test/%zz"),
    ("RFC 8252, 8.4", "myapp:/cb"),
    ("RFC 8252, 8.4", "myapp://cb"),
    ("scheme", "javascript:alert(1)"),
    ("scheme", "javascript://app.test/%0aalert(1)"),
    ("scheme", "data:text/html,x"),
    ("scheme", "vbscript:x"),
    ("scheme", "file:///etc/passwd"),
    ("scheme", "blob:https://app.test/1"),
    ("scheme", "about:blank"),
    ("scheme", "urn:ietf:wg:oauth:2.0:oob"),
    ("scheme", "com.example.app:"),
    ("space", "https://app.test/a b"),
    ("space", " https://app.test/"),
]


@pytest.mark.parametrize("text", GOOD)
def test_good_redirect_uri(text):
    assert uris.parse_redirect_uri(text)


@pytest.mark.parametrize(("rule", "text"), BAD, ids=lambda value: value[:40])
def test_bad_redirect_uri(rule, text):
    with pytest.raises(uris.Refused) as refused:
        uris.parse_redirect_uri(text)
    message = str(refused.value)
    assert message
    assert message.isprintable()
    assert len(message) < 250, "a message repeats no more than one character"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://app.test/cb", "https://app.test"),
        ("https://app.test:443/cb", "https://app.test"),
        ("https://app.test:8443/cb", "https://app.test:8443"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:3000/cb", "http://[::1]:3000"),
    ],
)
def test_origin_is_what_browsers_send(text, origin):
    assert uris.parse(text).origin == origin


@pytest.mark.parametrize("text", ["https://app.test", "http://localhost:5173", "http://[::1]:1"])
def test_good_web_origin(text):
    assert uris.parse_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "*",
        "https://app.test/",
        "https://app.test:443",
        "http://app.test",
        "app.test",
        "https://*.app.test",
        "https://app.test?x",
        "com.example.app://x",
        "https://u@app.test",
    ],
)
def test_bad_web_origin(text):
    with pytest.raises(uris.Refused):
        uris.parse_origin(text)


def test_links_may_have_a_fragment_but_must_be_fetched_over_the_web():
    assert uris.parse_link("http://app.test/terms#privacy")
    with pytest.raises(uris.Refused):
        uris.parse_link("javascript:alert(1)")
    with pytest.raises(uris.Refused):
        uris.parse_secure_link("http://app.test/logo.png")
    assert uris.parse_secure_link("http://localhost/logo.png")
