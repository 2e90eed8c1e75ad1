"""The clients that are part of the program: our own pages, where people sign in as anywhere.

They are no records: nobody registers, changes or deletes them, and no chosen client_id can
be one of theirs. They have no redirect URI, no grant type and no credentials, so that no
endpoint gives them anything. A request of one is answered inside the server alone
(`AuthorizationRequest.entry`).
"""

from ostiary.model.client import Client, ClientKind

# No organization: what they are held to are the policies of the instance.
_INSTANCE = ""

ACCOUNT = Client(
    # A colon is in no client_id that can be chosen.
    client_id="ostiary:account",
    kind=ClientKind.BUILT_IN,
    organization_id=_INSTANCE,
    client_name="Account",
    localized={"client_name#de": "Konto"},
    # Below the issuer, unlike that of any application.
    client_uri="/account",
    # No keys are registered, so that nobody can authenticate as this client.
    token_endpoint_auth_method="private_key_jwt",
    grant_types=(),
    response_types=(),
    allowed_scopes=(),
)
"""The pages on which people look after their own account."""

CONSOLE = Client(
    client_id="ostiary:console",
    kind=ClientKind.BUILT_IN,
    organization_id=_INSTANCE,
    client_name="Console",
    localized={"client_name#de": "Konsole"},
    client_uri="/console",
    token_endpoint_auth_method="private_key_jwt",
    grant_types=(),
    response_types=(),
    allowed_scopes=(),
)
"""The pages on which administrators manage what they administer."""

BUILT_IN = {client.client_id: client for client in (ACCOUNT, CONSOLE)}
"""All of them, by client_id."""
