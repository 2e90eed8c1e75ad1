"""Addresses of the pages of recovering an account and of joining."""

from ostiary.identity.tickets import PATHS
from ostiary.model.ticket import Purpose
from ostiary.web.login.paths import FORGOT, REGISTER

__all__ = ["FORGOT", "INVITATION", "REGISTER", "RESET", "VERIFY"]

RESET = PATHS[Purpose.PASSWORD_RESET]
VERIFY = PATHS[Purpose.REGISTRATION]
INVITATION = PATHS[Purpose.INVITATION]
