"""JWT access tokens (RFC 9068), validated by the libraries that APIs are written with."""

import json
import secrets
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from support import acme
from support.browser import Browser
from support.flows import Application, authorization_url

HERE = Path(__file__).parent
REDIRECT = "https://application.test/callback"
JOSE = """
import { createRemoteJWKSet, jwtVerify } from 'jose'
const [issuer, audience, token] = process.argv.slice(2)
const keys = createRemoteJWKSet(new URL(`${issuer}/oauth/v2/keys`))
const options = { issuer, audience, typ: 'at+jwt', requiredClaims: ['sub', 'client_id', 'jti'] }
const { payload } = await jwtVerify(token, keys, options)
console.log(JSON.stringify(payload))
"""


@pytest.fixture(params=["ES256", "RS256"])
def token(server, request):
    """An access token of Alice's for the orders API, with her roles."""
    client_id = f"jwt-{request.param.lower()}"
    application = acme.web_application(
        client_id,
        redirect_uris=[REDIRECT],
        allowed_scopes=["openid", "orders.read"],
        access_token_signing_alg=request.param,
        access_token_role_assertion=True,
    )
    declared = acme.organization(application)
    declared["organizations"][0]["role_assignments"] = [
        {"user": acme.USERNAME, "project": "shop", "roles": ["buyer"]}
    ]
    server.apply(declared)
    known = Application(client_id, application["client_secret"], "openid orders.read", REDIRECT)
    verifier = secrets.token_urlsafe(32)
    with Browser(REDIRECT) as browser:
        path = authorization_url(known, verifier, "s1")
        arrived = browser.sign_in(server.issuer + path, acme.USERNAME, acme.PASSWORD).url
    code = parse_qs(urlsplit(arrived).query)["code"][0]
    answer = httpx.post(
        f"{server.issuer}/oauth/v2/token",
        auth=(client_id, application["client_secret"]),
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": verifier,
        },
    )
    return answer.json()["access_token"]


def test_pyjwt_reads_roles_from_an_access_token(server, token):
    keys = jwt.PyJWKClient(f"{server.issuer}/oauth/v2/keys")
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["ES256", "RS256"],
        issuer=server.issuer,
        audience=acme.ORDERS,
        options={"require": ["exp", "iat", "sub", "jti", "client_id"]},
    )
    assert claims["roles"] == ["buyer"]
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=["ES256", "RS256"],
            audience="https://stock.acme.test",
        )


def test_jose_validates_an_access_token(server, token):
    done = subprocess.run(
        ["node", "--input-type=module", "-", server.issuer, acme.ORDERS, token],
        input=JOSE,
        cwd=HERE / "node",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["roles"] == ["buyer"]
