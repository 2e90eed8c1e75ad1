"""Times as people give them to commands: spans before now, days, moments with an offset."""

import pytest

from ostiary.cli.answer import ExitCode, Failure
from ostiary.cli.times import read_past

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", NOW - 1),
        ("15m", NOW - 900),
        ("12h", NOW - 43_200),
        ("30d", NOW - 30 * 86_400),
        ("1970-01-01", 0),
        ("2027-06-30", 1_814_313_600),
        ("2027-06-30T08:00:00", 1_814_342_400),
        ("2027-06-30T08:00:00Z", 1_814_342_400),
        ("2027-06-30T10:00:00+02:00", 1_814_342_400),
    ],
)
def test_it_is_read_in_utc_unless_it_says_otherwise(text, expected):
    assert read_past(text, NOW, "--since") == expected


@pytest.mark.parametrize(
    "text", ["", "0d", "-1d", "1w", "1.5h", "d", "1 d", "yesterday", "30.6.2027", "2027-13-01"]
)
def test_what_is_none_says_what_is_one(text):
    with pytest.raises(Failure) as refused:
        read_past(text, NOW, "--until")
    assert refused.value.exit_code is ExitCode.USAGE
    assert "--until wants a span such as 15m" in str(refused.value)
