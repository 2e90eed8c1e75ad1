"""The demo application of the development mode: a small, complete OpenID Connect client.

It does what any web application would: authorization code with PKCE, state and nonce, an
ID token verified against the published keys, userinfo, refresh. It knows the server by its
address alone, and talks to it over HTTP like everybody else.
"""
