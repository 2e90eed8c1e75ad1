"""The operations of the API, a module for each resource.

A module has its rows in `ROUTES`; adding a resource is adding a module, and a line here.
"""

from ostiary.web.api.resources import (
    administrators,
    advisor,
    apis,
    applications,
    domains,
    events,
    grants,
    invitations,
    keys,
    organizations,
    policies,
    projects,
    role_assignments,
    roles,
    service_accounts,
    sessions,
    users,
    webhooks,
)
from ostiary.web.api.route import Route

TABLE: tuple[Route, ...] = (
    *organizations.ROUTES,
    *domains.ROUTES,
    *projects.ROUTES,
    *roles.ROUTES,
    *applications.ROUTES,
    *apis.ROUTES,
    *users.ROUTES,
    *invitations.ROUTES,
    *service_accounts.ROUTES,
    *role_assignments.ROUTES,
    *administrators.ROUTES,
    *sessions.ROUTES,
    *grants.ROUTES,
    *policies.ROUTES,
    *keys.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *advisor.ROUTES,
)
"""Every operation there is."""
