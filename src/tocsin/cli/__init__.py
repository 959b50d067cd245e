"""The command line: one module a room."""

import importlib
import importlib.util

import typer

app = typer.Typer(name="tocsin", help=__doc__, no_args_is_help=True, pretty_exceptions_show_locals=False, add_completion=False)

ROOMS = ("watch", "review", "accord", "learn", "people", "record", "fhir", "db", "demo", "serve", "worker")


def main() -> None:
    """Entry point of the `tocsin` command."""
    for room in ROOMS:
        if importlib.util.find_spec(f"tocsin.cli.{room}"):
            module = importlib.import_module(f"tocsin.cli.{room}")
            if hasattr(module, "app"):
                app.add_typer(module.app, name=room)
            else:
                app.command(name=room)(module.command)
    app()
