"""Who asks for a mail, and whether any can be sent."""

import falcon

from ostiary.login.device import Device
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


def describe_asker(idp: Idp, scene: Scene, device: Device | None = None) -> Asker:
    """Describe who asks for a mail, and on which device."""
    flow = scene.flow
    return Asker(
        source=scene.visit.source,
        organization_id=flow.client.organization_id,
        client_id=flow.client.client_id,
        flow=flow.interaction.digest,
        device=device,
        exempt=idp.settings.dev,
    )
