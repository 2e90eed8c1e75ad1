"""RFC 9207: every authorization response says who gave it."""

import pytest

from ostiary.oauth import errors
from ostiary.oauth.authorization.request import ReplyTo
from ostiary.oauth.authorization.response import RENDERERS, reply, reply_error
from support.authorization import ISSUER, read_reply


@pytest.mark.parametrize("mode", RENDERERS)
def test_2_a_code_comes_with_the_issuer(mode):
    answer = reply(ReplyTo("web", "https://app.test/cb", mode, "s"), {"code": "c"}, ISSUER)
    assert read_reply(answer) == {"code": "c", "state": "s", "iss": ISSUER}


@pytest.mark.parametrize("mode", RENDERERS)
@pytest.mark.parametrize("error", [errors.InvalidRequest, errors.LoginRequired])
def test_2_an_error_comes_with_the_issuer(mode, error):
    answer = reply_error(ReplyTo("web", "https://app.test/cb", mode), error("Why."), ISSUER)
    assert read_reply(answer)["iss"] == ISSUER
