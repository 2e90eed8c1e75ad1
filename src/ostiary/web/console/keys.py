"""GET /console/keys: the list of signing keys, with the life of each as a picture."""

from ostiary.admin import keys
from ostiary.pages.console import ListPage
from ostiary.pages.console_keys import KeysPage
from ostiary.pages.key_timeline import draw
from ostiary.web.api.resources.keys import make_admin
from ostiary.web.console.listing import Listing
from ostiary.web.console.page import Admitted


class KeyListing(Listing):
    """The list of signing keys."""

    async def complete(self, admitted: Admitted, page: ListPage) -> ListPage:
        """Draw the life of each key above the list."""
        found = await keys.list_keys(make_admin(self.idp), admitted.actor)
        fields = {name: getattr(page, name) for name in page.__struct_fields__}
        return KeysPage(**fields, timeline=draw(found, self.idp.clock.now()))
