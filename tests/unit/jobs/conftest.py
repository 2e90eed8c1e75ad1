"""Fixtures that the tests of this folder share."""

from support.site import sites

__all__ = ["sites"]
