"""Client authentication (RFC 6749, 2.3; OpenID Connect Core 9).

Exactly the registered method counts. Which one a request uses is read off the request
first; it is then compared with the registration, so that no method is a fallback of
another.
"""

from ostiary.oauth.clients.authentication import Authenticated, authenticate
from ostiary.oauth.clients.door import Door, Store, replayed
from ostiary.oauth.clients.keys import RemoteKeys

__all__ = ["Authenticated", "Door", "RemoteKeys", "Store", "authenticate", "replayed"]
