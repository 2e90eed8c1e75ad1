"""Pictures that organizations and applications are shown with."""

from ostiary.model.record import Versioned

ORGANIZATION = "organization:"
APPLICATION = "application:"


class Image(Versioned, frozen=True, kw_only=True):
    """A logo, as it was encoded anew. `id` is its owner's, with the kind of owner before it.

    `digest` is of the content, and the name it is served under. `source` is where it came
    from; whoever has another source by now is not shown with it.
    """

    id: str
    digest: str
    content: bytes
    source: str
    updated_at: int = 0
