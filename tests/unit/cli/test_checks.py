"""`ostiary app verify`: what it says, and its exit code."""


def test_an_application_that_nobody_used_waits(instance, ostiary):
    instance("app", "create", "--preset", "fastapi", "--client-id", "shop")
    ran = instance("app", "verify", "shop")
    assert ran.code == 6
    assert ran.data["verified"] is False
    assert {step["seen_at"] for step in ran.data["steps"]} == {None}
    text = ostiary("app", "verify", "shop").out
    assert "waiting for the first sign-in" in text
    assert "It gets tokens" in text


def test_who_waits_in_vain_is_told(instance):
    instance("app", "create", "--preset", "m2m", "--client-id", "job")
    ran = instance("app", "verify", "job", "--wait", "1")
    assert (ran.code, [step["id"] for step in ran.data["steps"]]) == (6, ["token"])


def test_an_application_that_is_not_there(instance):
    ran = instance("app", "verify", "nobody")
    assert (ran.code, ran.error["code"]) == (3, "not_found")
