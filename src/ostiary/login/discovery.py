"""Which organization somebody signs in with, by the domain of the name that they give.

Nobody's account is looked up for it: a domain says the same for every name in it.
"""

from ostiary.identity.users import MAX_LOGIN_NAME
from ostiary.login.store import LoginStore
from ostiary.model.organization import Organization, State


async def organization_of_name(store: LoginStore, name: str) -> Organization | None:
    """Return the organization that the domain of a login name belongs to, if any."""
    domain = name.partition("@")[2].strip().lower() if name.count("@") == 1 else ""
    if not domain or len(domain) > MAX_LOGIN_NAME:
        return None
    found = await store.organization_of_domain(domain)
    return found if found is not None and found.state is State.ACTIVE else None
