"""How an outbound request fails."""

from enum import StrEnum


class Reason(StrEnum):
    """The classes of failure, for logs and metrics."""

    URL = "url"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    STATUS = "status"
    ENCODING = "encoding"
    MEDIA_TYPE = "media_type"
    SIZE = "size"


# How a request fails for what is not of this server, but of the network that it is in.
_OF_THE_NETWORK = {
    Reason.REFUSED: "the address leads to where this server may not go",
    Reason.UNRESOLVED: "the name does not resolve",
    Reason.UNREACHABLE: "the connection failed",
}


class FetchFailed(Exception):
    """Nothing was fetched.

    As text it is always `fetch_failed`: whoever chose the address must not learn from
    the answer what stands there. `reason` and `detail` are for the operator; neither
    holds anything of an answer's body.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        """Say in `detail` what an operator could change."""
        super().__init__("fetch_failed")
        self.reason = reason
        self.detail = detail

    @property
    def told(self) -> str:
        """What those may be told who administer a part of the instance.

        They may point a name of theirs at any other one: where that leads is not theirs to know.
        """
        return f"{self.reason}: {_OF_THE_NETWORK.get(self.reason, self.detail)}"


class MailRefused(Exception):
    """The mail was not taken. `permanent`: the server will not take it later, either.

    `code` is its answer, where it gave one, or a short name; `detail` is for the operator.
    """

    def __init__(self, code: str, detail: str, *, permanent: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.permanent = permanent
