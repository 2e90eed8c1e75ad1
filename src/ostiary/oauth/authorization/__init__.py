"""The authorization endpoint (RFC 6749, 3.1; OpenID Connect Core 3.1.2), pure.

    UnverifiedRequest -> AuthorizationRequest -> decision -> response and effects

`steps` turns what came in into a verified request, `interaction` decides whether it can be
answered now or needs the person first, `response` makes the answer, and `endpoint` runs
the three against a store.
"""
