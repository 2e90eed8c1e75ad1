"""docs/reference/declarative-configuration.md names every key, and its example is valid."""

import re
from pathlib import Path

import msgspec
import pytest

from ostiary.admin import (
    administrators,
    apis,
    client_metadata,
    document,
    groups,
    instance,
    invitations,
    organizations,
    project_grants,
    projects,
    role_assignments,
    roles,
    service_accounts,
    user_fields,
    webhooks,
)
from ostiary.admin.declaration import collect

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/declarative-configuration.md"
TEXT = PAGE.read_text(encoding="utf-8")
DECLARED = {
    "webhooks[]": [webhooks.WebhookFields],
    "instance": [instance.InstanceFields],
    "organizations[]": [organizations.OrganizationFields],
    "users[]": [
        user_fields.UserFields,
        user_fields.PasswordFields,
        user_fields.EmailFields,
        user_fields.PhoneFields,
        user_fields.ProfileFields,
        user_fields.AddressFields,
    ],
    "groups[]": [groups.GroupFields],
    "invitations[]": [invitations.InvitationFields],
    "service_accounts[]": [service_accounts.ServiceAccountFields],
    "projects[]": [
        projects.ProjectFields,
        projects.ExchangeFields,
        project_grants.ProjectGrantFields,
        roles.RoleFields,
        apis.ApiFields,
    ],
    "applications[]": [client_metadata.ClientMetadata],
    "role_assignments[]": [role_assignments.RoleAssignmentFields],
    "administrators[]": [administrators.AdministratorFields],
}


def section(name: str) -> str:
    """Return the text of a section of the page."""
    found = re.search(rf"^## `{re.escape(name)}`\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"the page has no section {name}"
    return found[1]


@pytest.mark.parametrize("name", DECLARED)
def test_every_key_is_documented(name):
    words = set(re.findall(r"`(\w+)`", section(name)))
    keys = {field.encode_name for kind in DECLARED[name] for field in msgspec.structs.fields(kind)}
    assert keys - words == set()


def test_no_key_is_documented_that_does_not_exist():
    for name, kinds in DECLARED.items():
        first_cells = re.findall(r"^\| (`[^|]+`) \|", section(name), re.MULTILINE)
        documented = {word for cell in first_cells for word in re.findall(r"`(\w+)`", cell)}
        keys = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}
        nested = {"users", "invitations", "service_accounts", "projects", "role_assignments"}
        nested |= {"roles", "apis", "applications", "administrators", "webhooks"}
        nested |= {"grants", "members", "groups"}
        assert documented - keys - nested == set()


def test_the_example_is_valid():
    example = re.search(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert example
    entries = collect([document.read("example.yaml", example[1].encode())])
    assert {entry.kind.value for entry in entries} == {
        "instance",
        "organization",
        "project",
        "role",
        "api",
        "service_account",
        "application",
        "user",
        "invitation",
        "role_assignment",
        "administrator",
    }
