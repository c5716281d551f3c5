"""The commands people type: what they get wrong is told in a sentence, and scripts see it in the exit code."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.serving import HEED, free_port


def heed(folder: Path, *arguments: str, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
    environment |= settings
    return subprocess.run(
        [HEED, *arguments], cwd=folder, env={**environment, "COLUMNS": "200"}, input=text,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr + done.stdout
    return " ".join((done.stderr + done.stdout).split())


def test_a_taken_port_and_a_misspelt_variable_are_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = heed(tmp_path, "serve", "--port", str(other.getsockname()[1]), HEED_PROT="8000")
    assert done.returncode == 1
    assert "choose another with --port" in said(done)
    assert "Heed runs at" not in said(done)
    assert "HEED_PROT is no setting" in said(done)


def test_a_port_that_is_none_is_said_at_once(tmp_path: Path) -> None:
    done = heed(tmp_path, "serve", "--port", "99999")
    assert done.returncode == 2
    assert "--port is 99999: it can be 1 to 65,535" in said(done)


def test_everything_wrong_in_the_settings_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "heed.toml").write_text('public_url = "example.org"\ncolour = "[red]"\n')
    done = heed(tmp_path, "doctor", "--port", "0")
    assert done.returncode == 2
    assert done.stderr.count("✗") == 3


def test_a_password_that_nobody_can_be_asked_for_is_not_waited_for(tmp_path: Path) -> None:
    done = heed(tmp_path, "user", "create", "a@example.org", "--role", "owner")
    assert done.returncode == 2
    assert "--password-stdin" in said(done)


def test_a_folder_is_told_as_it_is_called(tmp_path: Path) -> None:
    assert "/a[/b] does not exist yet" in said(
        heed(tmp_path, "doctor", "--data", str(tmp_path / "a[" / "b]"))
    )


def test_a_data_folder_may_be_called_anything(tmp_path: Path) -> None:
    data = tmp_path / "our data, = ours & more"
    created = heed(tmp_path, "keys", "create", "shop", "--scope", "write", "--data", str(data))
    assert created.returncode == 0, said(created)
    assert "is missing" not in said(heed(tmp_path, "doctor", "--data", str(data)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("user", "create", "a@example.org", "--role", "king"), "roles are owner"),
        (("keys", "create", "x", "--scope", "read"), "--scope is write or manage"),
        (("keys", "create", "x", "--scope", "write", "--kind", "fridge"), "--kind is server or website"),
        (("keys", "create", "x", "--scope", "manage", "--kind", "website"), "may only write"),
        (("replay", "--data", "nowhere"), "no data folder"),
        (("import", "none.csv", "--map", "none.toml"), "There is no file none.csv"),
        (("restore", ".", "--data", "new"), ". is a folder, not a file"),
        (("sense", "text", "none.csv", "--column", "x", "--out", "out.csv"), "There is no file none.csv"),
        (("serve", "--only", "kitchen"), "--only takes one of"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_touched(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = heed(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in said(done)
    assert list(tmp_path.iterdir()) == []


def test_labelling_into_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("t\nhello\n")
    done = heed(tmp_path, "sense", "text", "in.csv", "--column", "t", "--out", "no/out.csv")
    assert done.returncode == 2
    assert "There is no folder" in said(done)


def test_a_data_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (
        ("serve", "--data", "file/inside", "--port", str(free_port())),
        ("keys", "create", "x", "--scope", "write", "--data", "file/inside"),
    ):
        done = heed(tmp_path, *arguments)
        assert done.returncode == 1
        assert "data folder cannot be used" in said(done)
