"""The operations of the API, a module for each resource.

A module has its rows in `ROUTES`; adding a resource is adding a module, and a line here.
"""

from ostiary.web.api.resources import (
    administrators,
    apis,
    applications,
    events,
    factors,
    grants,
    groups,
    instance,
    invitations,
    keys,
    logout_deliveries,
    memberships,
    organizations,
    personal_tokens,
    policies,
    project_grants,
    projects,
    registration_tokens,
    role_assignments,
    roles,
    service_accounts,
    sessions,
    user_imports,
    users,
    webhooks,
)
from ostiary.web.api.route import Route

TABLE: tuple[Route, ...] = (
    *organizations.ROUTES,
    *memberships.ROUTES,
    *projects.ROUTES,
    *project_grants.ROUTES,
    *roles.ROUTES,
    *applications.ROUTES,
    *registration_tokens.ROUTES,
    *apis.ROUTES,
    *users.ROUTES,
    *factors.ROUTES,
    *invitations.ROUTES,
    *user_imports.ROUTES,
    *groups.ROUTES,
    *service_accounts.ROUTES,
    *personal_tokens.ROUTES,
    *role_assignments.ROUTES,
    *administrators.ROUTES,
    *sessions.ROUTES,
    *grants.ROUTES,
    *instance.ROUTES,
    *policies.ROUTES,
    *keys.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *logout_deliveries.ROUTES,
)
"""Every operation there is."""
