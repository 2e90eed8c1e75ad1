"""JSON Object Signing: keys, compact JWS, JWTs, and values sealed at rest.

The only door to `cryptography` for keys and JWTs. Everything is strict, and small: no
encryption to others, no symmetric signatures, no JSON serialization, nothing that a
token's header can point at.
"""
