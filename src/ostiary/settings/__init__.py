"""Process settings: one frozen tree from a TOML file and `OSTIARY_*` variables.

Everything else that can be configured is in the database. This package imports only the
standard library and msgspec, because the supervisor process stays small.
"""

from ostiary.settings.check import check_serve
from ostiary.settings.handover import receive_settings, send_settings
from ostiary.settings.load import load
from ostiary.settings.options import OPTIONS, Option
from ostiary.settings.problem import Problem, SettingsError
from ostiary.settings.secret import Secret
from ostiary.settings.tree import Egress, Limits, Log, Metrics, Settings, Smtp

__all__ = [
    "OPTIONS",
    "Egress",
    "Limits",
    "Log",
    "Metrics",
    "Option",
    "Problem",
    "Secret",
    "Settings",
    "SettingsError",
    "Smtp",
    "check_serve",
    "load",
    "receive_settings",
    "send_settings",
]
