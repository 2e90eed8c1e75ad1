"""Addresses of the pages of a flow."""

LOGIN = "/login"
SELECT = "/login/select"
CONSENT = "/consent"
FORGOT = "/login/forgot"
REGISTER = "/login/register"
LOGOUT = "/logout"
# Where every step leads: the authorization endpoint decides what comes next.
CONTINUE = "/oauth/v2/authorize/continue"


def of_flow(path: str, flow_id: str) -> str:
    """Return the address of a page for a flow; flow ids need no escaping."""
    return f"{path}?flow={flow_id}"
