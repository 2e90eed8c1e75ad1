"""What a request asks of a person, in the order and the groups of the consent page."""

import ipaddress
from urllib.parse import urlsplit

from ostiary.login.flow import Flow
from ostiary.model.client import Client
from ostiary.model.organization import Api
from ostiary.model.policy import Policies
from ostiary.model.user import User
from ostiary.oauth import management
from ostiary.oauth.scope import IDENTITY_SCOPES, OFFLINE_ACCESS
from ostiary.pages.text import in_language
from ostiary.pages.views import ConsentGroup, ConsentItem, Link
from ostiary.web.links import safe_link

# Scopes of Ostiary and of the systems it is compatible with, by what follows the prefix.
_PREFIXES = ("urn:ostiary:iam:", "urn:zitadel:iam:")
_NAMED = {
    "user:metadata": "scope.user_metadata",
    "user:resourceowner": "scope.user_resourceowner",
    "org:projects:roles": "scope.projects_roles",
}


def group_wishes(flow: Flow, user: User, apis: tuple[Api, ...]) -> tuple[ConsentGroup, ...]:
    """Sort what a request asks for by kind: about the person, later access, APIs, the rest."""
    asked = flow.request.scopes
    values = {"email": user.email, "phone": user.phone_number}
    identity = tuple(
        ConsentItem(name=scope, key=f"scope.{scope}", value=values.get(scope))
        for scope in IDENTITY_SCOPES
        if scope in asked and scope != OFFLINE_ACCESS
    ) + tuple(ConsentItem(name=name, key=f"claim.{name}") for name in flow.request.single_claims)
    groups = [ConsentGroup(key="identity", items=identity)]
    if OFFLINE_ACCESS in asked:
        groups.append(ConsentGroup(key="offline", items=(_offline(flow.client, flow.policies),)))
    seen = set(IDENTITY_SCOPES)
    for api in apis:
        wanted = [scope for scope in asked if scope in api.scopes and scope not in seen]
        seen.update(wanted)
        items = tuple(ConsentItem(name=scope, mark="api") for scope in wanted)
        groups.append(ConsentGroup(key="api", name=_host(api.audience), items=items))
    further = tuple(_further(scope) for scope in asked if scope not in seen)
    groups.append(ConsentGroup(key="further", items=further))
    return tuple(group for group in groups if group.items)


def name_wishes(scopes: tuple[str, ...]) -> tuple[ConsentItem, ...]:
    """Put scopes into words, where there are any, in the order of the consent page."""
    known = [scope for scope in IDENTITY_SCOPES if scope in scopes and scope != OFFLINE_ACCESS]
    others = [scope for scope in scopes if scope not in IDENTITY_SCOPES]
    return (
        *(ConsentItem(name=scope, key=f"scope.{scope}") for scope in known),
        *map(_further, others),
    )


def _offline(client: Client, policies: Policies) -> ConsentItem:
    seconds = client.lifetimes.refresh_absolute or policies.token_lifetimes.refresh_absolute
    return ConsentItem(
        name=OFFLINE_ACCESS, key="scope.offline_access", seconds=seconds, mark="offline"
    )


def _further(scope: str) -> ConsentItem:
    if scope == management.SCOPE:
        return ConsentItem(name=scope, key="scope.management", mark="api")
    for prefix in _PREFIXES:
        if scope.startswith(prefix):
            return ConsentItem(name=scope, key=_NAMED.get(scope.removeprefix(prefix)))
    return ConsentItem(name=scope)


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def destination_of(redirect_uri: str) -> str | None:
    """Return the host that an answer goes to; None for an app on the person's own device."""
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or host == "localhost":
        return None
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    return None if loopback else parts.netloc


def links_of(flow: Flow, tag: str | None = None) -> tuple[Link, ...]:
    """Return the application's own pages; one on another host than the answer says so.

    `tag` is the language of the page, which some are there in.
    """
    client, home = flow.client, destination_of(flow.request.redirect_uri)
    found = []
    for key in ("client_uri", "policy_uri", "tos_uri"):
        url = safe_link(in_language(client, key, tag))
        if url is not None:
            host = urlsplit(url).netloc
            found.append(Link(key=key, url=url, host=None if host == home else host))
    return tuple(found)
