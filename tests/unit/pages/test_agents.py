"""User agents in a few words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.pages.agents import Agent, summarize

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS, MAC = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"


@pytest.mark.parametrize(
    ("system", "rest", "agent"),
    [
        (WINDOWS, f"{WEBKIT} Chrome/140.0.0.0 Safari/537.36", Agent("Chrome", "Windows")),
        (
            WINDOWS,
            f"{WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            Agent("Edge", "Windows"),
        ),
        (MAC, f"{WEBKIT} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0", Agent("Opera", "macOS")),
        (MAC, f"{WEBKIT} Version/18.0 Safari/605.1.15", Agent("Safari", "macOS")),
        ("X11; Linux x86_64; rv:140.0", "Gecko/20100101 Firefox/140.0", Agent("Firefox", "Linux")),
        ("X11; CrOS x86_64 14541.0.0", f"{WEBKIT} Chrome/140.0.0.0", Agent("Chrome", "ChromeOS")),
        ("Linux; Android 15", f"{WEBKIT} Chrome/140.0.0.0 Mobile", Agent("Chrome", "Android")),
        (
            "Linux; Android 15; SM-G991B",
            f"{WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile",
            Agent("Samsung Internet", "Android"),
        ),
        (
            "iPhone; CPU iPhone OS 18_0 like Mac OS X",
            "AppleWebKit/605.1.15 CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
            Agent("Chrome", "iPhone"),
        ),
        (
            "iPad; CPU OS 18_0 like Mac OS X",
            f"{WEBKIT} Version/18.0 Mobile/15E148 Safari/604.1",
            Agent("Safari", "iPad"),
        ),
    ],
)
def test_common_browsers(system: str, rest: str, agent: Agent) -> None:
    assert summarize(f"Mozilla/5.0 ({system}) {rest}") == agent


@pytest.mark.parametrize("text", ["", "Tests", "Mozilla/5.0", "curlish", "Chrome"])
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    assert summarize(text) == Agent()


@given(st.text(max_size=300))
def test_whatever_it_is_only_known_names_come_out(text: str) -> None:
    agent = summarize(text)
    assert agent.browser is None or agent.browser.isprintable()
    assert agent.browser is None or len(agent.browser) < 20
