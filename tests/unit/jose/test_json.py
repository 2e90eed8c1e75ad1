import pytest

from ostiary.jose import json
from ostiary.jose.errors import InvalidJson

DEEP = 32


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":[1,2.5,null,true,"x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b'"\xc3\xa4"', "ä"),
        ('"\\ud83d\\ude00"', "😀"),
        (f"{2**63 - 1}", 2**63 - 1),
        (f"{-(2**63)}", -(2**63)),
        (" [ ] ", []),
        ("1e3", 1000.0),
        ("1e-999999", 0.0),
        ('"[[[[' + "[" * 100 + '"', "[[[[" + "[" * 100),
        ('"' + '\\"[' * 100 + '"', '"[' * 100),
        ("[" * DEEP + "]" * DEEP, None),
    ],
)
def test_json_is_read(text, value):
    read = json.parse(text)
    if value is not None:
        assert read == value
        assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param('{"a":1,"a":1}', "json-duplicate", id="duplicate"),
        pytest.param('{"a":1,"\\u0061":2}', "json-duplicate", id="duplicate-by-escape"),
        pytest.param('[{"x":{"a":1,"b":2,"a":3}}]', "json-duplicate", id="duplicate-within"),
        pytest.param("NaN", "json-number", id="nan"),
        pytest.param("[Infinity]", "json-number", id="infinity"),
        pytest.param("-Infinity", "json-number", id="minus-infinity"),
        pytest.param("1e999", "json-number", id="overflow"),
        pytest.param("-1e999999", "json-number", id="negative-overflow"),
        pytest.param(str(2**63), "json-number", id="65-bits"),
        pytest.param(str(-(2**63) - 1), "json-number", id="minus-65-bits"),
        pytest.param("9" * 60_000, "json-number", id="many-digits"),
        pytest.param('"\\ud800"', "json-character", id="lone-surrogate"),
        pytest.param('{"\\udfff":1}', "json-character", id="lone-surrogate-in-a-name"),
        pytest.param('[["\\ude00\\ud83d"]]', "json-character", id="surrogates-the-wrong-way"),
        pytest.param('"\\u0000"', "json-character", id="nul-escape"),
        pytest.param('"\0"', "json", id="raw-nul"),
        pytest.param('"\n"', "json", id="raw-newline"),
        pytest.param("\ufeff{}", "json", id="byte-order-mark"),
        pytest.param('{"a":1,}', "json", id="trailing-comma"),
        pytest.param("{'a':1}", "json", id="single-quotes"),
        pytest.param("{} {}", "json", id="two-values"),
        pytest.param("", "json", id="empty"),
        pytest.param("01", "json", id="leading-zero"),
        pytest.param("+1", "json", id="plus"),
        pytest.param("0x10", "json", id="hexadecimal"),
        pytest.param("{/**/}", "json", id="comment"),
        pytest.param("[" * (DEEP + 1) + "]" * (DEEP + 1), "json-depth", id="deep-arrays"),
        pytest.param(
            '{"a":' * (DEEP + 1) + "1" + "}" * (DEEP + 1), "json-depth", id="deep-objects"
        ),
        pytest.param("[" * 60_000, "json-depth", id="deeper-than-the-interpreter-goes"),
        pytest.param('"' + "\\", "json", id="open-string"),
        pytest.param("]" * 100 + "[" * 100, "json", id="closed-before-opened"),
        pytest.param(b"\xff", "json-utf8", id="latin-1"),
        pytest.param('"ä"'.encode("utf-16"), "json-utf8", id="utf-16"),
        pytest.param(b'"\xed\xa0\x80"', "json-utf8", id="surrogate-in-utf-8"),
        pytest.param('"\ud800"', "json-utf8", id="surrogate-in-text"),
        pytest.param(" " * (json.LIMIT + 1), "json-size", id="long"),
        pytest.param('"' + "ä" * (json.LIMIT // 2) + '"', "json-size", id="long-in-bytes-only"),
    ],
)
def test_what_two_readers_may_take_differently_is_refused(text, rule):
    with pytest.raises(InvalidJson) as caught:
        json.parse(text)
    assert caught.value.rule == rule


def test_a_limit_can_be_narrower():
    assert json.parse("[[]]", limit=4, depth=2) == [[]]
    with pytest.raises(InvalidJson, match="3 bytes"):
        json.parse("[[]]", limit=3)
    with pytest.raises(InvalidJson, match="deeper than 1"):
        json.parse("[[]]", depth=1)


@pytest.mark.parametrize("text", ["[]", '"{}"', "1", "null", "true"])
def test_an_object_is_asked_for(text):
    with pytest.raises(InvalidJson, match="not an object"):
        json.parse_object(text)
    assert json.parse_object("{}") == {}


def test_a_refusal_repeats_only_printable_pieces():
    name = "<é\\n" + "x" * 100
    with pytest.raises(InvalidJson) as caught:
        json.parse(f'{{"{name}":1,"{name}":2}}')
    assert caught.value.message == "the member '<??" + "x" * 37 + "...' occurs twice"


def test_many_members_and_open_strings_are_looked_at_once():
    """DO-03: the work for hostile text grows with its length and no faster."""
    members = ",".join(f'"{n}":0' for n in range(6000))
    with pytest.raises(InvalidJson, match="'5999' occurs twice"):
        json.parse("{" + members + ',"5999":0}')
    # Quotes that never close would let a careless pattern begin anew at each of them.
    matches = json._STRING.findall('"' + '\\"' * 30_000 + "\\")
    assert len(matches) == 1
