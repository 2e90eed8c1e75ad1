"""Whom development mode makes besides an instance, under the same names each time."""

ORGANIZATION = "demo"
"""The id of their organization, of its project and of the demo application."""

USER = "demo"
"""The login name of the person who signs in to the demo."""

ADMINISTRATOR = "admin"
"""The login name of the person who owns the instance."""
