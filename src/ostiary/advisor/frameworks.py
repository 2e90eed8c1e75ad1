"""Frameworks: what each of them answers by itself, and where it wants people sent back.

The addresses are those on which the frameworks listen while one develops with them.
"""

import msgspec

from ostiary.advisor.conditions import Known

_WEB = {"who": "person", "where": "server"}
_BROWSER = {"who": "person", "where": "browser"}
_LOOPBACK = ("http://127.0.0.1/callback", "http://[::1]/callback")


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody builds with. Its id is that of the preset of `ostiary app create`."""

    id: str
    title: str
    answers: Known
    redirect_uris: tuple[str, ...] = ()


FRAMEWORKS: dict[str, Framework] = {
    one.id: one
    for one in (
        Framework(
            id="fastapi",
            title="FastAPI or Starlette",
            answers=_WEB,
            redirect_uris=("http://localhost:8000/auth",),
        ),
        Framework(
            id="flask",
            title="Flask",
            answers=_WEB,
            redirect_uris=("http://localhost:5000/auth",),
        ),
        Framework(
            id="django",
            title="Django with mozilla-django-oidc",
            answers=_WEB,
            redirect_uris=("http://localhost:8000/oidc/callback/",),
        ),
        Framework(
            id="express",
            title="Express with express-openid-connect",
            answers=_WEB,
            redirect_uris=("http://localhost:3000/callback",),
        ),
        Framework(
            id="nextjs",
            title="Next.js with Auth.js",
            answers=_WEB,
            redirect_uris=("http://localhost:3000/api/auth/callback/ostiary",),
        ),
        Framework(
            id="spring",
            title="Spring Boot",
            answers=_WEB,
            redirect_uris=("http://localhost:8081/login/oauth2/code/ostiary",),
        ),
        Framework(
            id="go",
            title="Go with go-oidc",
            answers=_WEB,
            redirect_uris=("http://localhost:8082/callback",),
        ),
        Framework(
            id="aspnet",
            title="ASP.NET Core",
            answers=_WEB,
            redirect_uris=("http://localhost:5001/signin-oidc",),
        ),
        Framework(
            id="nuxt",
            title="Nuxt with nuxt-auth-utils",
            answers=_WEB,
            redirect_uris=("http://localhost:3000/auth/ostiary",),
        ),
        Framework(
            id="apache",
            title="Apache with mod_auth_openidc, in front of anything",
            answers=_WEB,
            redirect_uris=("http://localhost:8083/callback",),
        ),
        Framework(
            id="angular",
            title="Angular with angular-auth-oidc-client",
            answers=_BROWSER,
            redirect_uris=("http://localhost:4200/",),
        ),
        Framework(
            id="react",
            title="React with Vite and react-oidc-context",
            answers=_BROWSER,
            redirect_uris=("http://localhost:5173/",),
        ),
        Framework(
            id="spa",
            title="Single-page application with oidc-client-ts",
            answers=_BROWSER,
            redirect_uris=("http://localhost:5173/",),
        ),
        Framework(
            id="native",
            title="Mobile or desktop application",
            answers={"who": "person", "where": "app"},
            redirect_uris=_LOOPBACK,
        ),
        Framework(
            id="cli",
            title="Command line tool, used by people",
            answers={"who": "person", "where": "terminal"},
            redirect_uris=_LOOPBACK,
        ),
        Framework(
            id="device",
            title="Device without a browser: television, printer, terminal",
            answers={"who": "person", "where": "device"},
        ),
        Framework(id="m2m", title="Machine, used by nobody", answers={"who": "nobody"}),
    )
}
