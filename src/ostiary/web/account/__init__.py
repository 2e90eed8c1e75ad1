"""The pages on which people look after their own account."""

from ostiary.pages.account import path_of
from ostiary.web.account.activity import Activity
from ostiary.web.account.apps import Apps
from ostiary.web.account.data import Data
from ostiary.web.account.deletion import Deletion
from ostiary.web.account.email import Email
from ostiary.web.account.leaving import SIGN_OUT_PATH, SWITCH_PATH, SignOut, Switch
from ostiary.web.account.methods import ADD_PATH, AddMethod, MethodsResource
from ostiary.web.account.overview import Front, Overview
from ostiary.web.account.password import Password
from ostiary.web.account.profile import ProfileResource
from ostiary.web.account.sessions import Sessions
from ostiary.web.idp import Idp


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the pages by their paths."""
    return [
        ("/", Front()),
        (path_of("overview"), Overview(idp)),
        (path_of("profile"), ProfileResource(idp)),
        (path_of("email"), Email(idp)),
        (path_of("password"), Password(idp)),
        (path_of("methods"), MethodsResource(idp)),
        (ADD_PATH, AddMethod(idp)),
        (path_of("sessions"), Sessions(idp)),
        (path_of("apps"), Apps(idp)),
        (path_of("activity"), Activity(idp)),
        (path_of("data"), Data(idp)),
        (path_of("delete"), Deletion(idp)),
        (SIGN_OUT_PATH, SignOut(idp)),
        (SWITCH_PATH, Switch(idp)),
    ]
