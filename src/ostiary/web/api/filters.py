"""Query parameters that several lists have."""

from ostiary.web.api.route import Filter

ORGANIZATION = Filter(
    name="organization",
    description="Id of the organization. Needed unless you administer the whole instance, or "
    "one organization only.",
    example="acme",
)
PROJECT = Filter(name="project", description="Id of the project.", example="shop")


def required_organization(purpose: str) -> Filter:
    """Return the parameter of a list that is always that of one organization."""
    return Filter(
        name="organization",
        description=f"Id of the organization {purpose}.",
        required=True,
        example="acme",
    )


def required_project(purpose: str) -> Filter:
    """Return the parameter of a list that is always that of one project."""
    return Filter(
        name="project", description=f"Id of the project {purpose}.", required=True, example="shop"
    )


def required_user(purpose: str) -> Filter:
    """Return the parameter of a list that is always that of one person."""
    return Filter(
        name="user",
        description=f"Id or login name of the user {purpose}.",
        required=True,
        example="alice",
    )
