"""The settings file that `ostiary init` writes explains every setting by a value that works."""

import re

import pytest

from ostiary.cli.starting import write_settings
from ostiary.settings import OPTIONS, SettingsError, load


def test_every_setting_is_in_the_file_under_its_variable():
    text = write_settings({})
    assert all(option.variable in text for option in OPTIONS)


def test_every_example_can_be_taken_as_it_is(tmp_path):
    path = tmp_path / "ostiary.toml"
    path.touch(mode=0o600)
    taken = re.sub(r"^# (?=[a-z_]+ = )", "", write_settings({}), flags=re.MULTILINE)
    path.write_text(taken, encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        load(path, {})
    # The key file that it names is not on this machine; nothing else is wrong.
    assert len(refusal.value.problems) == 1
    assert "key_encryption_key_file" in str(refusal.value.problems[0])
