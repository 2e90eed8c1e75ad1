"""Ostiary: an OAuth 2 authorization server and OpenID Connect provider."""

__version__ = "0.1.0"
