"""The settings, their types, defaults and bounds, and one sentence on each.

What is written here is what the parser accepts, what the documentation lists and what
`ostiary init` writes: nothing repeats it. Empty text and an empty `Secret` mean unset.
"""

from typing import Annotated, Literal

import msgspec

from ostiary.settings.secret import Secret

Meta = msgspec.Meta

DEFAULT_LISTEN = "localhost:8080"
OFF = "off"


class Section(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A table of the settings file."""


class Egress(Section, frozen=True, kw_only=True):
    """What the server may reach by itself."""

    allow: Annotated[
        tuple[str, ...],
        Meta(
            description="Private networks and hosts that outbound requests may reach, also by "
            "plain http: networks such as 10.0.0.0/8, and host:port.",
            examples=["10.1.0.0/16", "idp.corp.example:8443"],
        ),
    ] = ()
    ca_file: Annotated[
        str, Meta(description="PEM file of further certificate authorities to trust.")
    ] = ""
    dns_servers: Annotated[
        tuple[str, ...],
        Meta(
            description="Name servers, as IP address and port, that are asked for the proofs of "
            "domains; those of the machine unless given.",
            examples=["9.9.9.9:53"],
        ),
    ] = ()


class Log(Section, frozen=True, kw_only=True):
    """What is logged, and how."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least severe messages that are still logged."),
    ] = "info"
    format: Annotated[
        Literal["auto", "json", "text"],
        Meta(description="How lines look; auto is text on a terminal and JSON elsewhere."),
    ] = "auto"


class Metrics(Section, frozen=True, kw_only=True):
    """The listener for metrics. Checked by this version, but not served yet."""

    listen: Annotated[
        str,
        Meta(
            description="Address and port for /metrics, or off; off by default with --dev. This "
            "version checks the setting, but serves no metrics yet.",
            examples=["127.0.0.1:9464"],
        ),
    ] = "127.0.0.1:9464"


class Smtp(Section, frozen=True, kw_only=True):
    """The mail server that all mail is handed to."""

    host: Annotated[
        str,
        Meta(
            description="Mail server; without one no mail is sent, and pages that need mail are "
            "not offered. With --dev, mail is kept at /dev/inbox instead.",
            examples=["mail.test"],
        ),
    ] = ""
    port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="Its port; 0 is the usual one: 587 for starttls, 465 for tls, 25 for none.",
        ),
    ] = 0
    username: Annotated[str, Meta(description="User name, where the mail server wants one.")] = ""
    password: Annotated[Secret[str], Meta(description="Password of that user.")] = Secret("")
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(
            description="How the connection is encrypted: starttls and tls send nothing before "
            "it is, to a server whose certificate is checked (see also egress.ca_file)."
        ),
    ] = "starttls"
    sender: Annotated[
        str,
        Meta(
            description="Sender of all mail.",
            examples=["Example Login <login@example.com>"],
        ),
    ] = msgspec.field(name="from", default="")


class Limits(Section, frozen=True, kw_only=True):
    """What one peer, and all of them, may take."""

    connections: Annotated[
        int, Meta(ge=16, le=1_000_000, description="Open connections in all.")
    ] = 4096
    connections_per_address: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Open connections from one IPv4 address or IPv6 /64 network; does not "
            "apply to trusted proxies, nor to loopback with --dev.",
        ),
    ] = 500
    idle_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=3600,
            description="How long a connection is kept without a request; more than the idle "
            "time of a load balancer in front.",
        ),
    ] = 75
    shutdown_seconds: Annotated[
        int, Meta(ge=0, le=3600, description="How long requests may finish after a stop signal.")
    ] = 25
    shutdown_delay_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=300,
            description="How long to go on accepting after a stop signal while /health/ready "
            "says no, so that load balancers notice.",
        ),
    ] = 0


class Settings(Section, frozen=True, kw_only=True):
    """All process settings. Paths are absolute, addresses are in canonical form."""

    public_url: Annotated[
        str,
        Meta(
            description="The issuer: the https origin at which users and clients reach the "
            "server, without a path.",
            examples=["https://login.example.com"],
        ),
    ] = ""
    database_url: Annotated[
        Secret[str],
        Meta(
            description="sqlite:///relative/path, sqlite:////absolute/path or "
            "postgresql://user:password@host/database.",
            examples=["sqlite:////var/lib/ostiary/ostiary.db"],
        ),
    ] = Secret("")
    listen: Annotated[str, Meta(description="Address and port to listen on.")] = DEFAULT_LISTEN
    workers: Annotated[
        int, Meta(ge=1, le=64, description="Worker processes; one per core is plenty.")
    ] = 1
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks of the proxies in front, whose X-Forwarded-For, "
            "X-Forwarded-Proto and Forwarded headers are believed.",
            examples=["10.0.0.0/24"],
        ),
    ] = ()
    key_encryption_key: Annotated[
        Secret[bytes],
        Meta(
            description="32 random bytes as base64url, which encrypt private keys and other "
            "secrets in the database."
        ),
    ] = Secret(b"")
    key_encryption_key_file: Annotated[
        str,
        Meta(
            description="File with that key, instead of the key itself; not readable by others.",
            examples=["/etc/ostiary/key"],
        ),
    ] = ""
    auto_migrate: Annotated[
        bool, Meta(description="Bring an empty or older database up to date at the start.")
    ] = True
    allow_insecure_public_url: Annotated[
        bool,
        Meta(description="Allow plain http in public_url beyond loopback: passwords travel open."),
    ] = False
    dev: Annotated[
        bool,
        Meta(description="Development mode: data in ./.ostiary, plain http; same as --dev."),
    ] = False
    egress: Egress = Egress()
    log: Log = Log()
    metrics: Metrics = Metrics()
    smtp: Smtp = Smtp()
    limits: Limits = Limits()
