"""What commands say to whoever typed them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

out = Console()
err = Console(stderr=True)


def fail(message: str, code: int = 1) -> NoReturn:
    for line in message.splitlines():
        err.print(f"[bold red]✗[/] {escape(line)}", highlight=False)
    raise typer.Exit(code)


def warn(message: str) -> None:
    err.print(f"[bold yellow]![/] {escape(message)}", highlight=False)


def tell(message: str) -> None:
    """A line of the answer; names of files and folders may hold anything."""
    out.print(escape(message), highlight=False)


def want_file(path: Path) -> None:
    """Fail unless there is a file of this name."""
    if not path.is_file():
        fail(f"{path} is a folder, not a file." if path.is_dir() else f"There is no file {path}.", 2)
