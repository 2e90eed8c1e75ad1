"""The advisor is for everybody: whatever stands in its address, it answers with a clear page."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.questions import QUESTIONS
from support.site import Site, open_site

pytestmark = pytest.mark.usefixtures("sites")

HOSTILE = [
    b"who=%3Cscript%3Ealert(1)%3C/script%3E",
    b"%3Cimg%20src=x%20onerror=alert(1)%3E=1",
    b"who=person&who=nobody",
    b"who=person&where=__class__",
    b"framework=../../etc/passwd",
    b"framework={page}",
    b"who={0.__class__}&{{7*7}}=1",
    b"who=" + b"a" * 4000,
    b"risk=high&legacy=hybrid&who=person&where=server&purpose=login",
    b"who=nobody&credential=key&purpose=login",
    b"colour=red&taste=sweet",
    b"&".join(b"q%d=1" % number for number in range(99)),
    b"who=person%0d%0aSet-Cookie:%20a=b",
    b"who=\xe2\x80\xae",
]


async def ask(site: Site, raw: bytes, **headers: str):
    return await site.send("GET", "/advisor", raw, headers=headers)


@pytest.mark.parametrize("raw", HOSTILE)
async def test_hostile_answers_give_a_clear_page(raw: bytes) -> None:
    answer = await ask(await open_site(), raw)
    assert answer.status == 400
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert 'role="alert"' in answer.text
    assert 'href="/advisor"' in answer.text
    assert len(answer.body) < 6000
    # What was sent stands there as text at most.
    assert not re.search(r"<script|<img src=x|\b49\b", answer.text, re.IGNORECASE)
    assert answer.header("set-cookie") is None


@pytest.mark.parametrize("raw", [b"who=%ff", b"who=a%00b", b"a=1&" * 101])
async def test_what_is_no_query_is_refused(raw: bytes) -> None:
    answer = await ask(await open_site(), raw)
    assert answer.status == 400
    assert "text/html" in (answer.header("content-type") or "")


async def test_the_error_says_what_to_change() -> None:
    answer = await ask(await open_site(), b"who=anyone&colour=red")
    text = unescape(answer.text)
    assert "“anyone” is no answer to “who”. There are: person, nobody, service, agent." in text
    assert "There is no question “colour”." in text


async def test_nobody_has_to_sign_in_and_nothing_is_kept() -> None:
    site = await open_site()
    answer = await ask(site, b"who=person&where=server&purpose=away")
    assert answer.status == 200
    assert site.cookies == {}
    assert "<script" not in answer.text
    policy = answer.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_it_is_only_read(method: str) -> None:
    assert (await (await open_site()).send(method, "/advisor")).status == 405


PARAMETERS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from([*(question.id for question in QUESTIONS), "framework"]),
            st.text(max_size=12),
        ),
        st.one_of(
            st.sampled_from([one.value for question in QUESTIONS for one in question.options]),
            st.sampled_from(list(FRAMEWORKS)),
            st.text(max_size=30),
        ),
    ),
    max_size=10,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pairs=PARAMETERS, noise=st.text(max_size=40))
async def test_whatever_is_asked_is_answered(site, pairs, noise) -> None:
    raw = b"&".join(f"{name}={value}".encode() for name, value in pairs) + noise.encode()
    answer = await ask(site, raw)
    assert answer.status in {200, 400}


@pytest.fixture
async def site(sites) -> Site:
    return await open_site()
