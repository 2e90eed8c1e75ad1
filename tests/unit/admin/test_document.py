"""Declarative files as text: what they are read as, and what is refused before it costs."""

import pytest

from ostiary.admin import document
from ostiary.admin.document import Unreadable, read


def tree(text: str, name: str = "a.yaml"):
    return read(name, text.encode()).tree


def test_plain_scalars_follow_the_core_schema_of_yaml_1_2():
    text = "a: no\nb: 1990-01-01\nc: 42\nd: true\ne: ~\nf: '42'\ng: 1.5\nh: yes\ni: 0x1F\nj:\n"
    expected = {"a": "no", "b": "1990-01-01", "c": 42, "d": True, "e": None, "f": "42"}
    assert tree(text) == expected | {"g": 1.5, "h": "yes", "i": "0x1F", "j": None}


def test_json_is_read_by_name_and_by_look():
    text = '{"a": [1, "x", null, true]}'
    assert tree(text, "a.json") == tree(text, "-") == tree(text, "a.yaml")


def test_flow_yaml_is_yaml_where_the_name_says_so():
    assert tree("{a: [b, c]}") == {"a": ["b", "c"]}


def test_anchors_are_used():
    assert tree("a: &x [1, 2]\nb: *x") == {"a": [1, 2], "b": [1, 2]}


def test_an_empty_file_is_nothing():
    assert tree("") is None
    assert tree("# only a comment\n") is None


def test_a_byte_order_mark_is_passed_over():
    assert read("a.yaml", b"\xef\xbb\xbfa: 1").tree == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\na: 2", "has the key 'a' twice", 2),
        ("a: !!python/object/apply:os.system [x]", "has the tag", 1),
        ("a: !!timestamp 2020-01-01", "has the tag", 1),
        ("a: !!map {}", "has the tag", 1),
        ("x: &x {a: 1}\ny:\n  <<: *x", "has a merge key", 3),
        ("a: 1\n---\nb: 2", "holds several documents", 2),
        ("? [a]\n: 1", "has a key that is not plain text", 1),
        ("a: *nowhere", "has no anchor nowhere", 1),
        ("a: &a [*a]", "has no anchor a", 1),
        ("a: b: c", "is not YAML", 1),
        ("a: [1\nb: 2", "is not YAML", 2),
        ("a: '", "is not YAML", 1),
        ("a: " + "9" * 19, "has a number of more than 18 digits", 1),
        ("a: \x00", "is not YAML", None),
        ("%YAML 9.9\n---\na: 1", "is not YAML", 1),
    ],
)
def test_refused_yaml(text, message, line):
    with pytest.raises(Unreadable) as refused:
        tree(text)
    assert refused.value.message.startswith(message)
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "has the key 'a' twice"),
        ('{"a": NaN}', "is not JSON: NaN"),
        ('{"a": ' + "9" * 5000 + "}", "has a number of more than 18 digits"),
        ('{"a": "\\ud800"}', "has half of a surrogate pair"),
        ('{"\\udc00": 1}', "has half of a surrogate pair"),
        ('{"a": 1', "is not JSON"),
        ("[" * 100_000, "is nested more than 32 levels deep"),
        ("[" * 40 + "]" * 40, "is nested more than 32 levels deep"),
        ("[" + "0," * 500_001 + "0]", "has more than 500000 values"),
    ],
    ids=lambda text: text[:20],
)
def test_refused_json(text, message):
    with pytest.raises(Unreadable) as refused:
        tree(text, "a.json")
    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    "text",
    ["[" * 1_000_000, "- " * 1_000_000, "? " * 1_000_000, "{a: " * 500_000, "a:\n " * 500_000],
    ids=lambda text: text[:4],
)
def test_deep_yaml_is_given_up_early(text):
    with pytest.raises(Unreadable) as refused:
        tree(text)
    assert refused.value.line is not None
    assert refused.value.line < 100


def test_a_bomb_of_anchors_counts_as_what_it_expands_to():
    lines = ["a: &a [x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [" + ", ".join([f"*{before}"] * 8) + "]")
    with pytest.raises(Unreadable, match="has more than 500000 values"):
        tree("\n".join(lines))


def test_a_file_that_is_too_large_or_no_text():
    with pytest.raises(Unreadable, match="larger than 8 MiB"):
        read("a.yaml", b" " * (document.MAX_BYTES + 1))
    with pytest.raises(Unreadable, match="not UTF-8") as refused:
        read("a.yaml", b"a: 1\nb: \xff")
    assert refused.value.line == 2


def test_lines_of_paths():
    found = read("a.yaml", b"a:\n  - b: 1\n    c:\n      d: 2\n")
    assert found.line_of("a[0].c.d") == 4
    assert found.line_of("a[0].c.nowhere") == 4
    assert found.line_of("a[0]") == 2
    assert found.line_of("nowhere") == 1
    assert read("a.json", b'{"a": 1}').line_of("a") is None
