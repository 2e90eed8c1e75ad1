"""Delegated administration against whoever wants more than they hold (AD-05)."""

import pytest

from ostiary.admin.actor import Actor, Area, Level


class TestActor:
    """Who asks is somebody with nothing, unless it is said what they hold."""

    def test_ad_05_nobody_holds_everything_by_being_forgotten(self):
        with pytest.raises(TypeError, match="holds"):
            Actor(type="user", id="mallory")
        nobody = Actor(type="user", id="mallory", holds=())
        assert not any(nobody.may(area, Level.READ, "t1") for area in Area)
        assert nobody.organizations == frozenset()
