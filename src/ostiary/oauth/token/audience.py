"""Whom an access token concerns: its client, and the servers of the APIs that it is for."""

from ostiary.model.client import AppType, Client
from ostiary.model.organization import Api
from ostiary.oauth.token.bearer import Presented


def is_meant_for(client: Client, apis: tuple[Api, ...], access: Presented) -> bool:
    """Tell whether a client may know and use a token; `apis` are those of its organization."""
    if access.client.client_id == client.client_id:
        return True
    return not audiences_of(client, apis).isdisjoint(access.audience)


def audiences_of(client: Client, apis: tuple[Api, ...]) -> set[str]:
    """Return the names under which tokens are meant for an application of type API."""
    if client.type is not AppType.API or client.project_id is None:
        return set()
    return {client.project_id} | {
        api.audience for api in apis if api.project_id == client.project_id
    }
