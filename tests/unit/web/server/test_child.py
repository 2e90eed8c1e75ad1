import pytest

from ostiary.web.server.child import Child


def pauses(child, count, *, life=0.0, ready=False):
    found = []
    now = 0.0
    for _ in range(count):
        child._started = now
        if ready:
            child.be_ready()
        now += life
        child.bury(now)
        found.append(round(child.due - now, 3))
    return found


@pytest.mark.parametrize("worker", [True, False])
def test_each_early_end_doubles_the_pause_up_to_half_a_minute(worker):
    child = Child("any", (), worker=worker)
    assert pauses(child, 10) == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


def test_an_end_after_a_steady_life_is_a_new_one():
    child = Child("any", (), worker=True)
    assert pauses(child, 3) == [0.2, 0.4, 0.8]
    assert pauses(child, 2, life=61) == [0.2, 0.2]


def test_being_ready_is_not_yet_a_steady_life():
    assert pauses(Child("any", (), worker=True), 3, ready=True) == [0.2, 0.4, 0.8]


def test_only_workers_that_were_not_ready_count_as_stillborn():
    worker, side = Child("worker", (), worker=True), Child("jobs", (), worker=False)
    pauses(worker, 3)
    pauses(side, 3)
    assert (worker.stillborn, side.stillborn) == (3, 0)
    pauses(worker, 1, ready=True)
    assert worker.stillborn == 0
