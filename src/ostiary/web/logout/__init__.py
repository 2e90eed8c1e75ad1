"""Signing out: the endpoint that applications send people to, and its pages."""

from ostiary.oauth.metadata import END_SESSION
from ostiary.web.idp import Idp
from ostiary.web.logout.end_session import EndSession
from ostiary.web.logout.page import LOGOUT, LogoutResource


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of signing out by their paths."""
    return [(END_SESSION, EndSession(idp)), (LOGOUT, LogoutResource(idp))]
