"""What can be done by commands can be done by the API, and the other way round.

Each command names the operations that do the same; what has no counterpart says why.
"""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from ostiary.admin.declaration import Kind
from ostiary.cli.program import program
from ostiary.web.api.resources import TABLE

HERE = "It is about the machine that the server runs on."
ALONE: dict[str, str] = {
    "serve": HERE,
    "init": HERE,
    "setup": "It makes the first administrator: before there is one, nobody can call the API.",
    "apply": "Files are applied where they are; the API has an operation for each kind in them.",
    "doctor": HERE,
    "migrate": HERE,
    "app env": "It writes a file for the application, of what `show_application` tells.",
    "mail list": "Mail is of the operator: the addresses are those of every organization.",
    "mail retry": "Mail is of the operator: it says whether the mail server works.",
    "mail test": HERE,
}
"""Commands that no operation does the work of."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "advise": ("show_advisor", "ask_advisor"),
    "lint": (
        *("list_lint", "lint_application", "lint_policies", "lint_organization_policies"),
        "mend_application",
    ),
    "app mend": ("mend_application",),
    "app mends": ("list_mends",),
    "app undo-mend": ("undo_mend",),
    "app accept": ("judge_finding",),
    "app legacy": ("list_legacy_applications",),
    "app list": ("list_applications",),
    "app show": ("show_application",),
    "app create": ("create_application",),
    "app update": ("update_application",),
    "app verify": ("show_application_verification",),
    "app quickstart": ("show_application_quickstart",),
    "app delete": ("delete_application",),
    "app enable": ("set_application_state",),
    "app disable": ("set_application_state",),
    "app rotate-secret": ("create_application_secret", "revoke_application_secrets"),
    "app registration-token create": ("create_registration_token",),
    "app registration-token list": ("list_registration_tokens", "show_registration_token"),
    "app registration-token delete": ("delete_registration_token",),
    "user list": ("list_users",),
    "user show": ("show_user",),
    "user create": ("create_user",),
    "user update": ("update_user",),
    "user delete": ("delete_user",),
    "user reset-password": ("set_user_password",),
    "user remove-password": ("remove_user_password",),
    "user lock": ("set_user_state",),
    "user unlock": ("set_user_state",),
    "user deactivate": ("set_user_state",),
    "user activate": ("set_user_state",),
    "user export": ("export_user",),
    "user import": ("import_users",),
    "user invite": ("invite_user",),
    "user invitations": ("list_invitations",),
    "user resend-invitation": ("resend_invitation",),
    "user revoke-invitation": ("revoke_invitation",),
    "user send-verification-link": ("send_verification_link",),
    "user send-reset-link": ("send_reset_link",),
    "user factors list": ("list_factors", "list_trusted_devices"),
    "user factors remove": ("remove_factor", "remove_all_factors", "revoke_trusted_device"),
    "group list": ("list_groups",),
    "group show": ("show_group",),
    "group create": ("create_group",),
    "group update": ("update_group",),
    "group delete": ("delete_group",),
    "group members": ("list_group_members", "show_group_member"),
    "group add-member": ("add_group_member",),
    "group remove-member": ("remove_group_member",),
    "session list": ("list_sessions",),
    "session show": ("show_session",),
    "session revoke": ("revoke_session", "revoke_user_sessions"),
    "grant list": ("list_grants",),
    "grant show": ("show_grant",),
    "grant revoke": ("revoke_grant",),
    "service-account list": ("list_service_accounts",),
    "service-account show": ("show_service_account",),
    "service-account create": ("create_service_account",),
    "service-account update": ("update_service_account",),
    "service-account delete": ("delete_service_account",),
    "service-account enable": ("set_service_account_state",),
    "service-account disable": ("set_service_account_state",),
    "service-account rotate-secret": (
        "create_service_account_secret",
        "revoke_service_account_secrets",
    ),
    "service-account list-keys": ("list_service_account_keys",),
    "service-account add-key": ("add_service_account_key",),
    "service-account remove-key": ("remove_service_account_key",),
    "token list": ("list_personal_tokens", "show_personal_token"),
    "token create": ("create_personal_token",),
    "token preview": ("preview_tokens",),
    "token revoke": ("revoke_personal_token",),
    "org list": ("list_organizations",),
    "org show": ("show_organization",),
    "org create": ("create_organization",),
    "org update": ("update_organization",),
    "org delete": ("delete_organization",),
    "org brand": ("update_organization",),
    "org set-logo": ("update_organization",),
    "org domain list": ("list_domains",),
    "org domain add": ("add_domain",),
    "org domain verify": ("verify_domain",),
    "org domain remove": ("remove_domain",),
    "org members": ("list_memberships", "show_membership"),
    "org add-member": ("add_membership",),
    "org remove-member": ("remove_membership",),
    "project list": ("list_projects",),
    "project show": ("show_project",),
    "project create": ("create_project",),
    "project update": ("update_project",),
    "project delete": ("delete_project",),
    "project grants": ("list_project_grants", "show_project_grant"),
    "project grant": ("create_project_grant", "update_project_grant"),
    "project revoke-grant": ("delete_project_grant",),
    "api list": ("list_apis",),
    "api show": ("show_api",),
    "api create": ("create_api",),
    "api update": ("update_api",),
    "api delete": ("delete_api",),
    "role list": ("list_roles", "show_role"),
    "role create": ("create_role",),
    "role update": ("update_role",),
    "role delete": ("delete_role",),
    "role assign": ("assign_roles",),
    "role revoke": ("revoke_roles",),
    "role assignments": ("list_role_assignments", "show_role_assignment"),
    "administrator list": ("list_administrators", "show_administrator"),
    "administrator grant": ("grant_administrator",),
    "administrator revoke": ("revoke_administrator",),
    "policy show": ("show_policies",),
    "policy update": ("update_policies",),
    "keys list": ("list_keys",),
    "keys rotate": ("rotate_keys",),
    "keys revoke": ("revoke_key",),
    "events list": ("list_events",),
    "trace list": ("list_traces",),
    "trace show": ("show_trace",),
    "trace export": ("export_trace",),
    "trace record": ("record_application",),
    "events export": ("list_events",),
    "delivery list": ("list_logout_deliveries",),
    "delivery retry": ("retry_logout_delivery",),
    "webhook create": ("create_webhook",),
    "webhook list": ("list_webhooks",),
    "webhook show": ("show_webhook",),
    "webhook update": ("update_webhook",),
    "webhook rotate-secret": ("rotate_webhook_secret",),
    "webhook delete": ("delete_webhook",),
    "webhook deliveries": ("list_webhook_deliveries",),
    "webhook replay": ("replay_webhook",),
    "webhook retry": ("retry_webhook",),
}
"""The operations that do what a command does; a list of the command may show all of each."""

ONLY_BY_API: dict[str, str] = {
    "show_instance": "Commands know it of files: `apply` with `instance:`.",
    "update_instance": "Commands know it of files: `apply` with `instance:`.",
    "list_user_memberships": "`org members` is asked for each organization; scripts have the API.",
}
"""Operations that no command does the work of."""

KINDS: dict[Kind, str] = {
    Kind.INSTANCE: "instance",
    Kind.ORGANIZATION: "organizations",
    Kind.PROJECT: "projects",
    Kind.ROLE: "roles",
    Kind.API: "apis",
    Kind.SERVICE_ACCOUNT: "service-accounts",
    Kind.APPLICATION: "applications",
    Kind.USER: "users",
    Kind.INVITATION: "invitations",
    Kind.MEMBER: "memberships",
    Kind.GROUP: "groups",
    Kind.PROJECT_GRANT: "project-grants",
    Kind.ROLE_ASSIGNMENT: "role-assignments",
    Kind.WEBHOOK: "webhooks",
    Kind.ADMINISTRATOR: "administrators",
}
"""The resource of each kind that files declare."""

NOT_DECLARED: dict[str, str] = {
    "registration-tokens": "Secrets that are shown once: files hold none that the server makes.",
    "personal-tokens": "Secrets that are shown once: files hold none that the server makes.",
    "user-imports": "Files declare users one by one; imports are for those who come once.",
    "advisor": "It tells what to make, and keeps nothing.",
    "lint": "It tells what could be better; what is mended by it is what files declare.",
    "sessions": "They are what people do, not what is configured.",
    "grants": "They are what people do, not what is configured.",
    "events": "They are what happened.",
    "traces": "They are how requests were answered.",
    "logout-deliveries": "They are on their way.",
    "policies": "Files declare them within `instance`.",
    "keys": "They are made here and never leave; what there is to say of them is a policy.",
}
"""Resources that files do not declare."""


def _names_of(group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from (f"{name} {inner}" for inner in _names_of(command))
        else:
            yield name


def test_every_command_has_its_operations_or_a_reason():
    assert set(_names_of(get_command(program))) == set(COMMANDS) | set(ALONE)
    assert not set(COMMANDS) & set(ALONE)


def test_every_operation_has_its_command_or_a_reason():
    done = {operation for operations in COMMANDS.values() for operation in operations}
    assert {route.name for route in TABLE} == done | set(ONLY_BY_API)
    assert not done & set(ONLY_BY_API)


def test_every_kind_of_files_has_its_resource_and_the_other_way_round():
    assert set(KINDS) == set(Kind)
    resources = {route.resource for route in TABLE}
    assert resources == set(KINDS.values()) | set(NOT_DECLARED)
    assert not set(KINDS.values()) & set(NOT_DECLARED)


def test_what_files_declare_can_be_made_changed_and_taken_away():
    lasting = {Kind.INSTANCE}
    for kind, resource in KINDS.items():
        methods = {route.method for route in TABLE if route.resource == resource}
        wanted = {"GET", "PATCH"} if kind in lasting else {"GET", "POST", "DELETE"}
        assert wanted <= methods, kind
