import base64

import pytest

from ostiary.jose import base64url
from ostiary.jose.errors import InvalidEncoding


@pytest.mark.parametrize("size", range(9))
def test_every_length_comes_back(size):
    value = bytes(range(250, 250 + size % 6)) + bytes(size - size % 6)
    text = base64url.encode(value)
    assert text == base64.urlsafe_b64encode(value).decode().rstrip("=")
    assert base64url.decode(text) == value
    assert base64url.decode(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("YQ==", id="padding"),
        pytest.param("YWI=", id="one-padding"),
        pytest.param("+_8", id="plus"),
        pytest.param("/_8", id="slash"),
        pytest.param("YW Jj", id="space"),
        pytest.param("YWJj\n", id="newline"),
        pytest.param("\ufeffYWJj", id="byte-order-mark"),
        pytest.param("YWJj\0", id="nul"),
        pytest.param("YR", id="spare-bits-of-one-octet"),
        pytest.param("YWK", id="spare-bits-of-two-octets"),
        pytest.param("Y", id="impossible-length"),
        pytest.param("YWJjZ", id="impossible-length-5"),
        pytest.param("\uff39\uff37\uff2a\uff4a", id="full-width-letters"),
        pytest.param("YW.Jj", id="dot"),
        pytest.param("\ud800", id="surrogate"),
    ],
)
def test_only_the_canonical_text_is_read(text):
    with pytest.raises(InvalidEncoding):
        base64url.decode(text)
