"""A slice is as long as it must be to say something."""

from types import SimpleNamespace

import pytest
from bench import load


def stage(*cpu):
    spent = iter(cpu)
    return SimpleNamespace(cpu=lambda: (next(spent), 0.0))


async def test_a_slice_without_work_of_the_server_goes_on():
    busy = stage(1.0, 1.0, 1.05, 1.2)
    begin = load._Reading.take(busy, load._Loop())

    end = await load._read_slice(busy, load._Loop(), begin, 0.001, load._LEAST_CPU)

    assert end.server == 1.2
    assert begin.until(end).server_cpu == pytest.approx(0.2)


async def test_a_machine_that_gives_nothing_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr(load, "_PATIENCE", 0.01)
    idle = stage(*[1.0] * 1000)
    begin = load._Reading.take(idle, load._Loop())

    with pytest.raises(load.Unmeasured, match=r"0\.00 s of CPU time"):
        await load._read_slice(idle, load._Loop(), begin, 0.001, load._LEAST_CPU)
