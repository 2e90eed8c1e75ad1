"""The console's texts: every operation, kind, member and role has words in every language."""

import msgspec
import pytest

from ostiary.admin.actor import Area, Level
from ostiary.model.administrator import AdministratorRole
from ostiary.pages.languages import load_languages
from ostiary.web.console.forms import FURTHER, members_of
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.kinds import KINDS
from ostiary.web.console.navigation import GROUPS

LANGUAGES = load_languages()


def wanted() -> set[str]:
    """Return the keys of the texts that pages of the catalog may show."""
    keys = {f"console.area.{one}" for one in Area}
    keys |= {f"console.level.{one.name.lower()}" for one in Level}
    keys |= {f"console.word.{one}" for one in AdministratorRole}
    for group, lines in GROUPS:
        keys.add(f"console.group.{group}")
        keys |= {f"console.nav.{line.name}" for line in lines}
        keys |= {f"console.about.{line.name}" for line in lines if line.name != "home"}
    keys.add(f"console.field.{FURTHER}")
    for kind in KINDS:
        keys.add(f"console.kind.{kind.name}")
        keys |= {f"console.field.{name}" for name in kind.columns}
        keys |= {f"console.do.{name}" for name in kind.operations}
        keys |= {f"console.selection.{one.name}" for one in kind.selections}
        for name in filter(None, (kind.listing, kind.show, *kind.operations)):
            route = OPERATIONS[name]
            keys |= {
                f"console.filter.{one.name}"
                for one in route.filters
                if one.name not in {"organization", "sort"}
            }
            if route.answer is not None:
                members = msgspec.structs.fields(route.answer)
                keys |= {f"console.field.{one.name}" for one in members}
            if route.body is not None:
                for member in members_of(route.body):
                    keys |= {f"console.field.{part}" for part in member.path}
    return keys


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_everything_has_words(tag: str) -> None:
    assert wanted() - set(LANGUAGES[tag].texts) == set()
