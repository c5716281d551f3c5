"""The command line: `heed --help`."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from heed import settings as heed_settings
from heed.govern.domain import ROLES
from heed.run.terminal import err, fail, out, tell, want_file, warn

if TYPE_CHECKING:
    from heed.run.supervisor import Supervisor

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

Data = Annotated[
    Path | None,
    # Whether it can be read is looked at later, with what to do about it.
    typer.Option("--data", help="The data folder. Default: ./heed-data, or HEED_DATA.", readable=False),
]


def settle(**given: object) -> heed_settings.Settings:
    """This run's settings; what the command line gave also reaches the processes it starts."""
    try:
        heed_settings.read(None, **given)
    except heed_settings.SettingsError as error:
        fail(str(error), 2)
    for name, value in given.items():
        if value is not None:
            os.environ[heed_settings.environment_name(name)] = str(value)
    heed_settings.load.cache_clear()
    return heed_settings.load()


def warn_of_unknown() -> None:
    for name in heed_settings.unknown(os.environ):
        warn(f"{name} is no setting and changes nothing; docs/settings.md lists them all.")


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
    from heed.run.supervisor import PROCESSES, Supervisor, roles_of

    settings = settle(data=data, host=host, port=port)
    if only is not None and only not in PROCESSES:
        fail(f"--only takes one of: {', '.join(PROCESSES)}", 2)
    if only is not None and settings.embedded:
        fail("--only needs a database that all parts reach: set HEED_DATABASE_URL.", 2)
    warn_of_unknown()
    logs.configure(settings.log_level, "supervisor")

    def ready() -> None:
        where = escape(f"(data in {settings.data}, stop with Ctrl-C)")
        out.print(f"[bold green]Heed runs at {escape(settings.url)}[/]  {where}")

    run_supervised(Supervisor(settings, roles_of(settings, only)), ready)


def run_supervised(supervisor: Supervisor, ready: Callable[[], None]) -> None:
    from heed.engines.postgres.server import ServerError
    from heed.run.lock import InUse
    from heed.run.rights import cannot_use
    from heed.run.supervisor import CannotStart

    try:
        supervisor.run(ready)
    except (InUse, CannotStart, ServerError) as error:
        fail(str(error))
    except OSError as error:
        fail(cannot_use(error, supervisor.settings.data))


@users.command("create")
def create_user(
    email: str,
    role: Annotated[str, typer.Option(help="owner, manager, marketer, agent, analyst or engineer.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    data: Data = None,
) -> None:
    """Let somebody sign in. Asks for the password unless it comes from standard input."""
    settings = settle(data=data)
    if role not in ROLES:
        fail(f"There is no role {role!r}; roles are {', '.join(ROLES)}.", 2)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not sys.stdin.isatty():
        fail("There is no terminal to ask for the password at. Give it with --password-stdin.", 2)
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened(settings):
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError

        from heed.govern.api import create_user as create

        try:
            validate_password(password)
            create(email, role, password, by="command line")
        except ValidationError as error:
            fail(" ".join(error.messages), 2)
    tell(f"{email} can sign in as {role}.")


@keys.command("create")
def create_key(
    name: str,
    scope: Annotated[
        str, typer.Option(help="write: send events. manage: also read and change customers through the API.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            help="Who holds a write key. server: your own programs. website: it stands open in pages or apps, so "
            "it may not ask how a person feels."
        ),
    ] = "server",
    data: Data = None,
) -> None:
    """Make a key for a program and print the secret, which is shown this once."""
    if scope not in {"write", "manage"}:
        fail("--scope is write or manage.", 2)
    if kind not in {"server", "website"}:
        fail("--kind is server or website.", 2)
    if kind == "website" and scope != "write":
        fail("A key that stands open in a website may only write.", 2)
    settings = settle(data=data)
    with opened(settings):
        if scope == "write":
            from heed.collect.api import create_source

            secret = create_source(name, "web" if kind == "website" else "server", "command line")[1]
        else:
            from heed.govern.api import create_key as create

            secret = create(name, scope, by="command line")
    print(secret)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, gzipped CSV, JSON lines or Parquet.")],
    map: Annotated[
        Path, typer.Option("--map", help="How rows become events; see docs/how-to/import-a-file.md.")
    ],
    again: Annotated[bool, typer.Option(help="Import a file that was imported before once more.")] = False,
    data: Data = None,
) -> None:
    """Import a file of events.

    Can be stopped and run again: it goes on where it was, and nothing counts twice. Rows that cannot be read
    become dead letters with their line and the reason.
    """
    settings = settle(data=data)
    want_file(file)
    want_file(map)
    with opened(settings) as alone:
        from heed.run.importing import ImportFailed, import_with_progress

        try:
            import_with_progress(settings, file, map, again, alone, out)
        except ImportFailed as error:
            fail(str(error))


@app.command()
def replay(data: Data = None) -> None:
    """Rebuild every profile from the lake. Heed must not be running on this data folder."""
    from rich.progress import Progress

    settings = settle(data=data)
    if not settings.data.is_dir():
        fail(f"There is no data folder {settings.data}; choose one with --data.", 2)
    with opened(settings) as alone:
        if not alone:
            fail("Stop Heed first: replay needs the data folder to itself.")
        from heed import wiring
        from heed.pipeline.replay import replay as rebuild

        engine = wiring.make_engine()
        engine.drain()
        total = engine.lake.sql("select count(*) as n from events")["n"][0].as_py()
        with Progress(console=err) as bar:
            task = bar.add_task("Folding the lake", total=total)
            done = rebuild(engine.carrier, engine.lake, lambda count: bar.update(task, completed=count))
    tell(f"{done.events:,} events folded again.")
    if done.unreadable:
        tell(f"{done.unreadable:,} events of erased people left out.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as heed-2026-11-24.tar.")],
    data: Data = None,
) -> None:
    """Copy database, lake and keys of one moment into a file. Heed may go on running.

    The file holds the keys to everybody's data: keep it as safe as the data folder itself.
    """
    settings = settle(data=data)
    if not settings.data.is_dir():
        fail(f"There is no data folder {settings.data}; choose one with --data.", 2)
    if file.exists():
        fail(f"There is {'a folder' if file.is_dir() else 'a file'} {file} already; choose another name.", 2)
    if not file.absolute().parent.is_dir():
        fail(f"There is no folder {file.absolute().parent} to write {file.name} into.", 2)
    with opened(settings):
        from heed.run.backup import BackupFailed, back_up

        try:
            size = back_up(settings, file, lambda what: err.print(f"{what} …"))
        except (BackupFailed, OSError) as error:
            fail(f"No backup was made. {error}")
    tell(
        f"Everything is in {file} ({size / 1e6:,.1f} MB). `heed restore {shlex.quote(str(file))} --data NEW_FOLDER`"
        " brings it back."
    )
    if settings.master_key_text:
        tell(
            "Except the master key, which stands in your settings: keep it elsewhere, and give it to `heed restore`."
        )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `heed backup` made.")],
    data: Data = None,
) -> None:
    """Bring a backup back into an empty data folder. Heed must not be running on it."""
    from heed.run.backup import BackupFailed
    from heed.run.backup import restore as bring_back
    from heed.run.lock import InUse

    settings = settle(data=data)
    want_file(file)
    try:
        about = bring_back(settings, file, lambda what: err.print(f"{what} …"))
    except (BackupFailed, InUse, OSError) as error:
        fail(f"Nothing was restored. {error}")
    tell(f"{settings.data} is as it was on {about.get('at', 'an unknown day')}. Start it with `heed serve`.")


@app.command()
def doctor(
    data: Data = None,
    port: Annotated[int | None, typer.Option(help="The port Heed is to listen at.")] = None,
) -> None:
    """Say in words what is wrong and what to do about it."""
    from heed.run.doctor import examine

    settings = settle(data=data, port=port)
    findings = examine(settings)
    for finding in findings:
        mark = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "bad": "[bold red]✗[/]"}[finding.level]
        out.print(f"{mark} {escape(finding.text)}", highlight=False)
        if finding.mend:
            out.print(f"    [bold]To do:[/] {escape(finding.mend)}", highlight=False)
    if any(finding.level == "bad" for finding in findings):
        raise typer.Exit(1)


@sense.command("text")
def sense_text(
    file: Path,
    column: Annotated[str, typer.Option(help="The column that holds the texts.")],
    out_file: Annotated[Path, typer.Option("--out", help="Where to write the CSV with the added columns.")],
) -> None:
    """Add language, sentiment (−1 to 1), sentiment_label, emotion and intent to a CSV file of texts."""
    import csv

    from rich.progress import Progress

    from heed.sense.actions.label import MissingColumn, UnquotedText, label_file

    want_file(file)
    if not out_file.absolute().parent.is_dir():
        fail(f"There is no folder {out_file.absolute().parent} to write {out_file.name} into.", 2)
    with Progress(console=err) as bar:
        task = bar.add_task("Reading texts", total=file.stat().st_size)
        try:
            count = label_file(file, column, out_file, lambda done: bar.advance(task, done))
        except (MissingColumn, UnquotedText) as error:
            fail(str(error), 2)
        except UnicodeDecodeError:
            fail(f"{file} is not written in UTF-8. Save it as “CSV UTF-8” and try again.", 2)
        except (OSError, csv.Error) as error:
            fail(f"{file} could not be read and written to {out_file}: {error}", 2)
    tell(f"{count:,} texts understood, written to {out_file}.")


@sense.command("calibrate")
def sense_calibrate(
    yes: Annotated[bool, typer.Option("--yes", help="Switch without asking.")] = False,
    data: Data = None,
) -> None:
    """Fit what moods are weighed by to your own ratings, show old against new, and switch if you say so.

    Learns from the earlier ratings how strongly each kind of evidence counts and how fast it fades, and judges by
    the later ones how well the mood just before a rating foretells a low one.
    """
    settings = settle(data=data)
    if not settings.data.is_dir() and settings.embedded:
        fail(f"There is no data folder {settings.data}; choose one with --data.", 2)
    with opened(settings):
        from heed.run.calibrating import calibrate_and_ask

        calibrate_and_ask(settings, yes, out, fail)


@app.command()
def demo(
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder. Default: ./heed-demo.", readable=False)
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at.")] = None,
) -> None:
    """Look around: start Heed with a simulated shop whose customers live and feel in front of you."""
    from heed.run.demo import run_demo

    organisation = os.environ.get("HEED_ORGANISATION") or "The shop"
    settings = settle(data=data or Path("heed-demo"), port=port, organisation=organisation)
    warn_of_unknown()
    run_demo(settings, out, fail)


@contextlib.contextmanager
def opened(settings: heed_settings.Settings) -> Iterator[bool]:
    """Database up and Django set up inside; yields whether the data folder is ours alone."""
    from heed.engines.postgres.server import ServerError
    from heed.run.database import database, prepare
    from heed.run.lock import InUse
    from heed.run.rights import cannot_use

    try:
        with database(settings) as alone:
            prepare()
            yield alone
    except (InUse, ServerError) as error:
        fail(str(error))
    except OSError as error:
        if error.filename is None or not str(error.filename).startswith(str(settings.data)):
            raise
        fail(cannot_use(error, settings.data))


def main() -> None:
    """Where the `heed` command starts. A master key is looked at only when it is needed, whatever the command."""
    try:
        app()
    except heed_settings.SettingsError as error:
        err.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
