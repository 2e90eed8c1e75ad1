"""`ostiary webhook`: made, changed, watched and repeated by commands and by files."""

import asyncio

import pytest

from ostiary.clock import SystemClock
from ostiary.model.webhook import Webhook, WebhookState
from ostiary.oauth.effects import Update
from ostiary.store import open_store
from ostiary.store.reads.webhooks import DeliveryState

# An address that is public and nobody's: making a webhook sends nothing there.
URL = "https://93.184.215.14/events"


@pytest.fixture
def siem(instance):
    """A webhook that is told of everything."""
    made = instance("webhook", "create", URL, "--id", "siem", "--name", "SIEM")
    return made.data


@pytest.fixture
def deliver(instance, folder):
    """Note that events were sent, as the server does."""
    (path,) = folder.rglob("*.db")

    def note(*states: DeliveryState) -> list[int]:
        async def run():
            async with await open_store(f"sqlite:///{path}", SystemClock()) as store:
                webhook = await store.read_webhook("siem")
                events = await store.list_events((), None, len(states))
                for (position, event), state in zip(reversed(events), states, strict=True):
                    error = None if state is DeliveryState.DELIVERED else "it answered 500"
                    delivery = (position, event.type)
                    await store.note_delivery(webhook.id, delivery, state, 1_800_000_000, error)
                return [position for position, _ in reversed(events)]

        return asyncio.run(run())

    return note


def test_the_secret_is_shown_once(instance, siem):
    assert siem["secret"].startswith("whsec_")
    shown = instance("webhook", "show", "siem").data
    assert "secret" not in shown
    assert (shown["name"], shown["url"], shown["state"]) == ("SIEM", URL, "active")
    rotated = instance("webhook", "rotate-secret", "siem", "--overlap", "60").data
    assert rotated["secret"] != siem["secret"]
    assert len(rotated["secrets"]) == 2
    assert rotated["secrets"][0]["expires_at"]


def test_in_words_the_secret_stands_apart(ostiary, instance):
    ran = ostiary("webhook", "create", URL, "--id", "siem")
    assert ran.code == 0
    assert "whsec_" in ran.out
    assert "shown only now" in ran.out


def test_only_what_is_given_changes(instance, siem):
    changed = instance(
        *("webhook", "update", "siem", "--event", "auth.*", "--event", "account.created"),
        *("--personal-data", "--name", "Watch", "--url", f"{URL}/2"),
    ).data
    assert (changed["name"], changed["url"]) == ("Watch", f"{URL}/2")
    assert (changed["events"], changed["personal_data"]) == (["auth.*", "account.created"], True)
    off = instance("webhook", "update", "siem", "--inactive").data
    assert off == changed | {"state": "inactive", "updated_at": off["updated_at"]}
    assert instance("webhook", "update", "siem", "--active").data["state"] == "active"


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("create", "http://127.0.0.1/x"), 2, "url"),
        (("create", URL, "--event", "nothing.of.the.kind"), 2, "is no type of event"),
        (("create", URL, "--organization", "nowhere"), 3, "nowhere"),
        (("show", "nothing"), 3, "nothing"),
        (("update", "nothing", "--name", "x"), 3, "nothing"),
        (("rotate-secret", "nothing"), 3, "nothing"),
        (("delete", "nothing", "--yes"), 3, "nothing"),
        (("deliveries", "nothing"), 3, "nothing"),
        (("retry", "nothing"), 3, "nothing"),
        (("replay", "siem"), 2, "since"),
        (("replay", "siem", "--after", "99999999"), 2, "must be a position"),
        (("replay", "siem", "--since", "yesterday"), 2, "--since wants a span"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(instance, siem, given, code, said):
    ran = instance("webhook", *given)
    assert ran.code == code
    assert said in str(ran.error)


def test_lists_go_on(instance, siem):
    instance("org", "create", "--id", "acme")
    instance("webhook", "create", URL, "--id", "acme-hook", "--organization", "acme")
    assert [one["id"] for one in instance("webhook", "list").data] == ["acme-hook", "siem"]
    first = instance("webhook", "list", "--limit", "1")
    assert [one["id"] for one in first.data] == ["acme-hook"]
    assert "--after acme-hook" in first.answer["warnings"][0]
    rest = instance("webhook", "list", "--after", "acme-hook").data
    assert [one["id"] for one in rest] == ["siem"]
    of_acme = instance("webhook", "list", "--organization", "acme").data
    assert [one["id"] for one in of_acme] == ["acme-hook"]
    instance("webhook", "delete", "siem", "--yes")
    assert [one["id"] for one in instance("webhook", "list").data] == ["acme-hook"]


def test_what_was_sent_is_listed_by_state_and_in_pages(instance, ostiary, siem, deliver):
    for name in ("alice", "bob"):
        instance("user", "create", name)
    delivered, failed = deliver(DeliveryState.DELIVERED, DeliveryState.GIVEN_UP)
    found = instance("webhook", "deliveries", "siem").data
    assert [one["position"] for one in found] == [failed, delivered]
    assert found[0]["last_error"] == "it answered 500"
    only = instance("webhook", "deliveries", "siem", "--state", "given_up").data
    assert [one["position"] for one in only] == [failed]
    page = instance("webhook", "deliveries", "siem", "--limit", "1")
    assert f"--before {failed}" in page.answer["warnings"][0]
    rest = instance("webhook", "deliveries", "siem", "--before", failed).data
    assert [one["position"] for one in rest] == [delivered]
    assert "it answered 500" in ostiary("webhook", "deliveries", "siem").out


def test_events_are_sent_once_more_from_a_place_or_a_time_on(instance, siem):
    instance("user", "create", "alice")
    assert instance("webhook", "replay", "siem", "--after", "0").data["position"] == 0
    assert instance("webhook", "show", "siem").data["position"] == 0
    assert instance("webhook", "replay", "siem", "--since", "30d").data["position"] == 0
    (newest, *_) = instance("events", "list", "--type", "webhook.replayed").data
    assert newest["target"] == "siem"


def test_what_waits_after_a_failure_is_tried_at_once(instance, siem):
    ran = instance("webhook", "retry", "siem")
    assert ran.data == {"id": "siem"}
    assert ran.answer["next_commands"] == ["ostiary webhook deliveries siem"]


def test_files_declare_them_and_take_them_away(instance, folder):
    file = folder / "webhooks.yaml"
    file.write_text(
        f"organizations:\n  - id: acme\n    webhooks: [{{id: of-acme, url: '{URL}'}}]\n"
        f"webhooks: [{{id: of-all, url: '{URL}', events: [auth.*]}}]\n"
    )
    instance("apply", "webhooks.yaml")
    found = {one["id"]: one for one in instance("webhook", "list").data}
    assert found["of-acme"]["organization"] == "acme"
    assert found["of-all"]["events"] == ["auth.*"]
    assert instance("apply", "webhooks.yaml", "--dry-run").data["changes"] == []
    file.write_text(file.read_text().replace("auth.*", "account.*"))
    (change,) = instance("apply", "webhooks.yaml").data["changes"]
    assert (change["kind"], change["key"], change["fields"]) == ("webhook", "of-all", ["events"])
    file.write_text("organizations:\n  - id: acme\n")
    instance("apply", "webhooks.yaml", "--prune")
    assert instance("webhook", "list").data == []


def test_a_webhook_that_the_server_switched_off_says_why(instance, folder, siem):
    """And switching it on again has it tried at once."""
    (path,) = folder.rglob("*.db")

    async def switch_off():
        async with await open_store(f"sqlite:///{path}", SystemClock()) as store:
            webhook: Webhook = await store.read_webhook("siem")
            changes = {"state": WebhookState.DISABLED, "disabled_reason": "failing"}
            await store.apply((Update(webhook, changes),))

    asyncio.run(switch_off())
    assert instance("webhook", "show", "siem").data["disabled_reason"] == "failing"
    on = instance("webhook", "update", "siem", "--active").data
    assert (on["state"], on["disabled_reason"]) == ("active", None)
