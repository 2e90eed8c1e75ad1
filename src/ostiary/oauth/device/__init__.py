"""Signing in on a device by way of another one (RFC 8628)."""
