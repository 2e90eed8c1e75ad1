"""Addresses of the pages of a flow."""

LOGIN = "/login"
# Asks for the password where the name is asked for first.
PASSWORD = "/login/password"
SELECT = "/login/select"
ORGANIZATION = "/login/organization"
PASSKEY = "/login/passkey"
PASSKEY_OPTIONS = "/login/passkey/options"
# Leads to the page of the factor that fits best.
FACTOR = "/login/factor"
OTHER_WAY = "/login/other-way"
TOTP = "/login/totp"
EMAIL_CODE = "/login/email-code"
SEND_CODE = "/login/email-code/send"
RECOVERY_CODE = "/login/recovery-code"
ENROL = "/login/enrol"
ENROL_PASSKEY = "/login/enrol/passkey"
ENROL_PASSKEY_OPTIONS = "/login/enrol/passkey/options"
ENROL_TOTP = "/login/enrol/totp"
ENROL_EMAIL_CODE = "/login/enrol/email-code"
ENROL_SEND_CODE = "/login/enrol/email-code/send"
ENROL_RECOVERY_CODES = "/login/enrol/recovery-codes"
CONSENT = "/consent"
FORGOT = "/login/forgot"
REGISTER = "/login/register"
LOGOUT = "/logout"
# Where every step leads: the authorization endpoint decides what comes next.
CONTINUE = "/oauth/v2/authorize/continue"


def of_flow(path: str, flow_id: str) -> str:
    """Return the address of a page for a flow; flow ids need no escaping."""
    return f"{path}?flow={flow_id}"
