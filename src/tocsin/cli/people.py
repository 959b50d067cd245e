"""`tocsin people`: bodies and first members, on the machine itself. Exit status: 0 done; 2 refused, and the message says why."""

import os
import sys
from typing import Annotated

import typer

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def people() -> None:
    """Bodies and first members, on the machine itself."""


@app.command()
def first(
    body: Annotated[str, typer.Option(help="Kind of body, as the map in force names it: nhse, icb, trust ...")],
    name: Annotated[str, typer.Option(help="The body's name.")],
    email: Annotated[str, typer.Option(help="E-mail address of the body's first administrator.")],
    code: Annotated[str, typer.Option(help="The body's code; default its kind.")] = "",
    provider: Annotated[str, typer.Option(help="Code of the provider that this body is (only for a body that concerns are about).")] = "",
    covers: Annotated[
        list[str] | None, typer.Option(help="Code of a provider for which it answers; may be repeated. None: it answers for all.")
    ] = None,
) -> None:
    """Make a body, if it is not there, and a joining code for its first administrator and for somebody who acts for it.

    Example: tocsin people first --body nhse --name "NHS England" --email name@example.org
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    import django

    django.setup()
    from tocsin.web.people.actions import Refused, first_of

    try:
        codes = first_of(kind=body, name=name, email=email, code=code or body, provider=provider, covers=covers or [])
    except Refused as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    for role, joining in codes.items():
        print(f"{email} joins as {role} on the page /join/ with the code {joining} (seven days)")
