"""What is installed from the wheel runs without the checkout it was built from."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.serving import eventually, free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )
    (found,) = folder.glob("heed-*.whl")
    return found


def test_the_wheel_has_everything_that_is_no_code(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "heed/sense/text/model.npz",
        "heed/sense/text/languages.npz",
        "heed/sense/text/languages.LICENSE.txt",
        "heed/sense/text/valence.tsv",
        "heed/collect/tag/t.js",
        "heed/web/static/heed/heed.css",
        "heed/web/templates/heed/base.html",
        "heed/profiles/migrations/0002_search.py",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "bench/", "tools/"))]


def test_no_pandas_comes_along_which_pyarrow_would_import_in_the_middle_of_carrying() -> None:
    needed, looked_at = [Requirement("heed")], set()
    while needed:
        each = needed.pop()
        if (key := (canonicalize_name(each.name), frozenset(each.extras))) in looked_at:
            continue
        looked_at.add(key)
        for text in metadata.requires(each.name) or []:
            further = Requirement(text)
            if not further.marker or any(
                further.marker.evaluate({"extra": extra}) for extra in (each.extras or {""})
            ):
                needed.append(further)
    names = {name for name, _ in looked_at}
    assert {"ibis-framework", "pyarrow", "duckdb"} <= names
    assert "pandas" not in names


def test_an_installed_heed_serves_pages_and_reads_texts_outside_the_checkout(
    wheel: Path, tmp_path: Path
) -> None:
    """The packages it needs are lent by this environment; Heed itself comes from the wheel alone."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    packages = next((tmp_path / "venv" / "lib").glob("python3*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(packages / "own")
    lent = sysconfig.get_path("purelib")
    (packages / "lent.pth").write_text(f"{packages / 'own'}\n{lent}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
    environment |= {"HEED_DATA": str(tmp_path / "data"), "HEED_PORT": str(free_port())}
    run = [str(python), "-c", "from heed.cli import main; main()"]
    where = subprocess.run(
        [str(python), "-c", "import heed; print(heed.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(packages / "own"))
    (tmp_path / "in.csv").write_text("t\nThis is the third time I ask and I am furious!\n")
    subprocess.run(
        [*run, "sense", "text", "in.csv", "--column", "t", "--out", "out.csv"],
        cwd=tmp_path, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    assert ",negative," in (tmp_path / "out.csv").read_text()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([*run, "serve"], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{environment['HEED_PORT']}"

        def ready() -> bool:
            assert server.poll() is None, (tmp_path / "log").read_text()[-2_000:]
            try:
                return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
            except httpx.TransportError:
                return False

        eventually(ready)
        page = httpx.get(f"{url}/sign-in/")
        assert page.status_code == 200
        style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert httpx.get(url + style).status_code == 200
        assert httpx.get(f"{url}/t.js").status_code == 200
    finally:
        server.terminate()
        server.wait(60)
