"""The person with a browser of the test kit, as the tests of Ostiary itself use it."""

from ostiary.testing.browser import Browser, Form, Page, read_page

__all__ = ["Browser", "Form", "Page", "read_page"]
