"""What the playground knows: flows, requests, mistakes and tokens, as pure rules over values.

A page leads through them (`ostiary.web.playground`); the requests go to the real endpoints.
"""
