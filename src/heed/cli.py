"""The command line: `heed --help`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from heed import settings as heed_settings

app = typer.Typer(
    name="heed",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Know how each customer feels right now, and what to do about it.\n\n"
    "Start with [bold]heed demo[/bold] to look around, or [bold]heed serve[/bold] to begin in earnest.",
)
users = typer.Typer(no_args_is_help=True, help="The people who may sign in.")
keys = typer.Typer(no_args_is_help=True, help="Keys for programs.")
sense = typer.Typer(no_args_is_help=True, help="Understand texts.")
app.add_typer(users, name="user")
app.add_typer(keys, name="keys")
app.add_typer(sense, name="sense")

out = Console()
err = Console(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder. Default: ./heed-data, or HEED_DATA.")]


def fail(message: str, code: int = 1) -> NoReturn:
    err.print(f"[bold red]✗[/] {message}", highlight=False)
    raise typer.Exit(code)


def settle(**given: object) -> heed_settings.Settings:
    """This run's settings; what the command line gave also reaches the processes it starts."""
    for name, value in given.items():
        if value is not None:
            os.environ[heed_settings.environment_name(name)] = str(value)
    heed_settings.load.cache_clear()
    try:
        return heed_settings.load()
    except heed_settings.SettingsError as error:
        fail(str(error), 2)


@app.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen at.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at.")] = None,
    only: Annotated[
        str | None, typer.Option(help="Run one part only: web, front, pages, engine or worker.")
    ] = None,
) -> None:
    """Run Heed: database, web, engine and worker, until you stop it with Ctrl-C.

    With [bold]--only[/bold], one part for a deployment over several machines: front takes events in, pages
    serves people, web is both; engine carries events round the loop; worker does jobs. The database is then
    the one at HEED_DATABASE_URL.
    """
    from heed.run import logs
    from heed.run.processes import ROLES
    from heed.run.supervisor import Supervisor

    settings = settle(data=data, host=host, port=port)
    if only is not None and only not in ROLES:
        fail(f"--only takes one of: {', '.join(ROLES)}", 2)
    if only is not None and settings.embedded:
        fail("--only needs a database that all parts reach: set HEED_DATABASE_URL.", 2)
    logs.configure(settings.log_level, "supervisor")

    def ready() -> None:
        out.print(f"[bold green]Heed runs at {settings.url}[/]  (data in {settings.data}, stop with Ctrl-C)")

    run_supervised(Supervisor(settings, [only] if only else ["web", "engine", "worker"]), ready)


def run_supervised(supervisor: object, ready: object) -> None:
    from heed.engines.postgres.server import ServerError
    from heed.run.lock import InUse
    from heed.run.supervisor import CannotStart

    try:
        supervisor.run(ready)  # type: ignore[attr-defined]
    except (InUse, CannotStart, ServerError) as error:
        fail(str(error))


def main() -> None:
    app()


if __name__ == "__main__":
    sys.exit(main())
