import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.oauth.errors import InvalidRequest
from ostiary.oauth.message import parse_form


def test_rfc6749_3_2_an_empty_value_counts_as_omitted():
    form = parse_form(b"scope=&state=x&lonely")

    assert form.get("scope") is None
    assert form.get("lonely") is None
    assert form.get("state") == "x"


def test_rfc6749_b_values_are_form_decoded():
    assert parse_form(b"a=1%2B1+%C3%BC&b%5Bc%5D=d").values == {"a": "1+1 ü", "b[c]": "d"}


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=1&b=2&a=1", b"a=1&%61=2"])
def test_rfc6749_3_1_a_repeated_parameter_is_refused(body):
    form = parse_form(body)

    with pytest.raises(InvalidRequest) as refusal:
        form.refuse_duplicates()
    assert refusal.value.received == "a"


def test_rfc8707_2_resource_may_be_repeated():
    form = parse_form(b"resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb")

    form.refuse_duplicates()
    assert form.all("resource") == ("https://a", "https://b")


def test_do_02_a_thousand_parameters_are_refused():
    with pytest.raises(InvalidRequest, match="at most 100"):
        parse_form(b"&".join(b"a%d=1" % n for n in range(1000)))


@pytest.mark.parametrize(
    "body", [b"a=%00", b"a=x%00y", b"%00=1", b"a=\x00", b"resource=%00&resource=x"]
)
def test_nul_is_refused_before_any_column_sees_it(body):
    with pytest.raises(InvalidRequest):
        parse_form(body)


@pytest.mark.parametrize("body", [b"a=\xff", b"a=%ff", b"a=%ed%a0%80"])
def test_rfc6749_b_other_encodings_are_refused(body):
    with pytest.raises(InvalidRequest, match="UTF-8"):
        parse_form(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(body):
    try:
        form = parse_form(body)
    except InvalidRequest:
        return
    assert all(isinstance(value, str) and value for value in form.values.values())
