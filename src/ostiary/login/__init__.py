"""Authenticating a person, choosing an account and asking for consent.

Load, decide, commit: what a session is worth follows from the proofs in it, and each step
is one commit.
"""
