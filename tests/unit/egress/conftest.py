import pytest

from support.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """An authority that nobody trusts unless told to."""
    return Authority(tmp_path_factory.mktemp("authority"))
