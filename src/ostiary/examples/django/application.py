"""A Django project in one file that people sign in to by OpenID Connect, with mozilla-django-oidc.

In a project of yours, the settings go into settings.py and the rest where it belongs.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.html import format_html

if not settings.configured:
    settings.configure(
        DEBUG=False,
        SECRET_KEY=os.environ["SESSION_SECRET"],
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        ROOT_URLCONF=__name__,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(__file__).with_name("application.db"),
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "mozilla_django_oidc",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGIN_REDIRECT_URL="/",
        LOGIN_REDIRECT_URL_FAILURE="/",
        LOGOUT_REDIRECT_URL="/",
        OIDC_RP_CLIENT_ID=os.environ["OIDC_RP_CLIENT_ID"],
        OIDC_RP_CLIENT_SECRET=os.environ["OIDC_RP_CLIENT_SECRET"],
        OIDC_RP_SIGN_ALGO=os.environ["OIDC_RP_SIGN_ALGO"],
        OIDC_RP_SCOPES=os.environ["OIDC_RP_SCOPES"],
        OIDC_USE_PKCE=True,
        # Ostiary takes the secret in the header, unless the application is registered otherwise.
        OIDC_TOKEN_USE_BASIC_AUTH=True,
        OIDC_STORE_ID_TOKEN=True,
        OIDC_OP_JWKS_ENDPOINT=os.environ["OIDC_OP_JWKS_ENDPOINT"],
        OIDC_OP_AUTHORIZATION_ENDPOINT=os.environ["OIDC_OP_AUTHORIZATION_ENDPOINT"],
        OIDC_OP_TOKEN_ENDPOINT=os.environ["OIDC_OP_TOKEN_ENDPOINT"],
        OIDC_OP_USER_ENDPOINT=os.environ["OIDC_OP_USER_ENDPOINT"],
        OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.logout_url",
    )
    django.setup()


def logout_url(request: HttpRequest) -> str:
    """Return where the session at the provider ends."""
    provider = urlsplit(os.environ["OIDC_OP_AUTHORIZATION_ENDPOINT"])
    hint = urlencode({"id_token_hint": request.session.get("oidc_id_token", "")})
    return f"{provider.scheme}://{provider.netloc}/oidc/v1/end_session?{hint}"


def home(request: HttpRequest) -> HttpResponse:
    """Greet whoever is signed in."""
    if not request.user.is_authenticated:
        return HttpResponse('<a href="/oidc/authenticate/">Sign in</a>')
    return HttpResponse(format_html("<p>Hello, {}</p>", request.user.email))


urlpatterns = [path("", home), path("oidc/", include("mozilla_django_oidc.urls"))]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
