"""Mail that is to be sent, as the outbox holds it.

A message names its template and what the template fills in; it is worded when it is sent.
Secrets are not in it: a link or a code that the mail carries is made anew from the ticket
that it names.
"""

import msgspec

# The topic of mail in the outbox.
MAIL = "mail"


class Mail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mail to one address.

    `language` is the recipient's, as a BCP 47 tag, where it is known; `organization_id`
    decides on branding and wording. `values` are filled into the template as plain text.
    """

    template: str
    to: str
    organization_id: str
    user_id: str | None = None
    language: str | None = None
    ticket_id: str | None = None
    values: dict[str, str] = {}
