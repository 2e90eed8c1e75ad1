"""The test kit, used as an integrator does: installed, in a pytest process of its own."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.process import clean_environment

SHOP = Path(__file__).parent / "python/shop"
HOW_TO = Path(__file__).parents[2] / "docs/how-to"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def install(folder: Path) -> None:
    """Let pytest find the plugin as it does once the package is installed."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    described = folder / "ostiary-0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: ostiary\nVersion: 0\n")
    ((group, names),) = project["entry-points"].items()
    lines = [f"{name} = {place}" for name, place in names.items()]
    (described / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with what is installed in a folder, and nothing of these tests."""
    paths = [str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = clean_environment(PYTHONPATH=os.pathsep.join(filter(None, paths)), **variables)
    for name in ("PYTEST_VERSION", "PYTEST_CURRENT_TEST", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        if name not in variables:
            environment.pop(name, None)
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )


def test_w22_a_shop_is_tested_with_nothing_but_the_public_names(tmp_path) -> None:
    install(tmp_path)
    for path in SHOP.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    # Whatever is configured on the machine of the tests is none of theirs.
    (tmp_path / "ostiary.toml").write_text('public_url = "https://login.example.com"\n')
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:randomly", "shop_tests.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    # No data beside the tests.
    assert not (tmp_path / ".ostiary").exists()


def test_the_tests_of_the_documentation_pass(tmp_path) -> None:
    install(tmp_path)
    shutil.copy(SHOP / "pytest.ini", tmp_path)
    for page, name in (
        ("connect-a-web-application", "application.py"),
        ("test-an-application", "test_application.py"),
    ):
        text = (HOW_TO / f"{page}.md").read_text(encoding="utf-8")
        block = text.split("```python\n", maxsplit=1)[1].partition("```")[0]
        (tmp_path / name).write_text(block, encoding="utf-8")
    done = run(tmp_path, "-m", "pytest", "-q", "test_application.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_plugin_is_found_by_pytest_and_imports_nothing_of_the_server(tmp_path) -> None:
    install(tmp_path)
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    loaded = [name for name in sys.modules if name.startswith('ostiary.')]\n"
        "    assert loaded == ['ostiary.testing']\n"
    )
    done = run(tmp_path, "-m", "pytest", "-q", "test_nothing.py")
    assert done.returncode == 0, done.stdout + done.stderr


_START = (
    "from pathlib import Path\n"
    "from ostiary.testing import NotForTests, run_ostiary\n"
    "try:\n"
    "    with run_ostiary(Path('data'), host={host!r}): pass\n"
    "except NotForTests as error:\n"
    "    print(error)\n"
)


def test_it_is_refused_outside_of_tests(tmp_path) -> None:
    done = run(tmp_path, "-c", _START.format(host="localhost"))
    assert done.stdout.startswith("ostiary.testing runs in tests only"), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["login.example.com", "0.0.0.0", "192.0.2.1", "localhost.evil"])
def test_it_is_refused_on_a_host_that_others_reach(tmp_path, host) -> None:
    done = run(tmp_path, "-c", _START.format(host=host), PYTEST_VERSION="9")
    assert done.stdout.startswith("ostiary.testing stays on this machine"), done.stderr
    assert list(tmp_path.iterdir()) == []
