"""Who asks for a mail, and whether any can be sent."""

import falcon

from ostiary.login.rations import Asker
from ostiary.web.idp import Idp
from ostiary.web.login.stage import Scene


def require_mail(scene: Scene) -> None:
    """Hide a page that needs mail where none can be sent.

    Raises:
        falcon.HTTPNotFound: no mail server is configured.
    """
    if not scene.can_mail:
        raise falcon.HTTPNotFound


def describe_asker(idp: Idp, scene: Scene) -> Asker:
    """Describe who asks for a mail."""
    flow = scene.flow
    return Asker(
        source=scene.visit.source,
        organization_id=flow.client.organization_id,
        client_id=flow.client.client_id,
        flow=flow.interaction.digest,
        exempt=idp.settings.dev,
    )
