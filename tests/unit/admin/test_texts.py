"""Names, ids and addresses that people choose."""

import pytest

from ostiary.admin import texts


@pytest.mark.parametrize(
    "name",
    [
        "Google\u202e",
        "a\u2066b",
        "a\u200eb",
        "tab\there",
        "line\nbreak",
        "nul\0",
        " x",
        "x ",
        "",
        "a" * 65,
        "\ud800",
        "\ue000",
        "a\u2028b",
        "\ufeffx",
        "zero\u200bwidth",
    ],
)
def test_az_24_names_that_steer_or_hide_text(name):
    assert texts.check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Shop",
        "Café №1",
        "店",
        "👩\u200d🚀 Rockets",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "a" * 64,
    ],
)
def test_good_names(name):
    assert texts.check_name(name) is None


@pytest.mark.parametrize(
    "address",
    [
        "alice",
        "alice@",
        "@acme.test",
        "mallory@evil.test@corp.test",
        '"a@b"@corp.test',
        "a b@acme.test",
        "a..b@acme.test",
        ".a@acme.test",
        "a.@acme.test",
        "a@acme",
        "a@[1.2.3.4]",
        "a(comment)@acme.test",
        "a@acme.test\nBcc: x@y.test",
        "ä@acme.test",
        "a@äcme.test",
        "a" * 65 + "@acme.test",
        "a@" + "a." * 130 + "test",
        "a@-acme.test",
        "a,b@acme.test",
    ],
)
def test_lo_19_addresses_that_are_read_in_two_ways(address):
    assert texts.check_email(address)


@pytest.mark.parametrize(
    "address", ["alice@acme.test", "a.b+c@sub.acme.test", "A@ACME.test", "o'x@a.io"]
)
def test_good_addresses(address):
    assert texts.check_email(address) is None


@pytest.mark.parametrize("key", ["", "-x", ".x", "a b", "a/b", "a" * 101, "ä", "a:b", "a\n", "%41"])
def test_bad_ids(key):
    assert texts.check_id(key)


def test_good_ids():
    assert texts.check_id("shop-web.v2_x~1") is None
    assert texts.check_client_id("123456789@shop") is None


@pytest.mark.parametrize("key", ["", "a b", 'a"b', "a\\b", "ä", "a" * 101, "\n"])
def test_bad_role_keys(key):
    assert texts.check_role_key(key)


def test_good_role_keys():
    assert texts.check_role_key("orders:read/all") is None


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            texts.check_phone,
            ["+41446681800"],
            ["0446681800", "+41 44 668", "+0123456789", "+" + "1" * 16],
        ),
        (texts.check_birthdate, ["1990-01-31", "1990"], ["1990-13-01", "1990-1-1", "31.1.1990"]),
        (texts.check_zoneinfo, ["Europe/Zurich", "UTC"], ["Europe Zurich", "../../etc/passwd", ""]),
        (texts.check_locale, ["de", "de-CH", "zh_Hant_TW"], ["d", "de-", "deutsch!", ""]),
        (
            texts.check_domain,
            ["acme.test"],
            ["acme", "ACME.test", "acme.123", "-a.test", "a b.test"],
        ),
        (
            texts.check_username,
            ["alice", "alice@acme.test", "Zoë"],
            ["", "a b", "a\tb", "a\u202e", "a" * 201],
        ),
    ],
)
def test_claims(check, good, bad):
    assert [text for text in good if check(text)] == []
    assert [text for text in bad if check(text) is None] == []
