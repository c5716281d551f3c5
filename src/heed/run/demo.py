"""`heed demo`: the supervisor with one more process, the simulated shop."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

from rich.console import Console

from heed.engines.postgres.server import ServerError
from heed.run import logs
from heed.run.lock import InUse
from heed.run.rights import cannot_use
from heed.run.supervisor import CannotStart, Supervisor, roles_of
from heed.settings import Settings


def run_demo(settings: Settings, console: Console, fail: Callable[[str], NoReturn]) -> None:
    logs.configure("warning", "supervisor")

    def ready() -> None:
        kept = json.loads((settings.data / "demo.json").read_text())
        console.print(f"\n[bold green]Heed runs at {settings.url}[/]")
        console.print(f"  sign in as  [bold]{kept['email']}[/]   password  [bold]{kept['password']}[/]")
        console.print(
            "  A simulated shop of 1,200 customers is moving in: a minute or so for five months of history,"
        )
        console.print("  and then it lives on in front of you. Stop with Ctrl-C.\n")

    console.print("Starting Heed with a simulated shop …")
    try:
        Supervisor(settings, ["demo", *roles_of(settings)], prepare="prepare-demo", log_level="warning").run(
            ready
        )
    except (InUse, CannotStart, ServerError) as error:
        fail(str(error))
    except OSError as error:
        fail(cannot_use(error, settings.data))
