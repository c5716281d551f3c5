"""Real tracking clients, installed unchanged from their registries into .cache/clients."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".cache" / "clients"


def python_client(requirement: str) -> Path:
    """A folder to put on PYTHONPATH with this client and what it needs."""
    folder = CACHE / requirement.replace("==", "-")
    with _lock(folder.name):
        if not (folder / ".done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            done = subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), requirement],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                pytest.skip(f"CLIENT NOT TESTED: {requirement} could not be installed: {done.stderr[-300:]}")
            (folder / ".done").touch()
    return folder


def node_clients(*packages: str) -> Path:
    """A folder with node_modules holding these packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("CLIENTS NOT TESTED: there is no node or npm on this machine")
    folder = CACHE / "node"
    with _lock("node"):
        marker = folder / (".done-" + "-".join(each.replace("/", "_") for each in packages))
        if not marker.exists():
            folder.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *packages],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                pytest.skip(f"CLIENTS NOT TESTED: npm could not install {packages}: {done.stderr[-300:]}")
            marker.touch()
    return folder


class _lock:
    """One worker installs, the others wait."""

    def __init__(self, name: str) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        self.file = (CACHE / f"{name}.lock").open("w")

    def __enter__(self) -> None:
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()
