"""`tocsin learn taxonomy`: the failings, what each is and is not, and where it stands in published schemes."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from tocsin import learn

_out = Console()


def taxonomy(
    failing: Annotated[str | None, typer.Argument(metavar="FAILING", help="One failing by its id. If not given, all by family.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")] = False,
) -> None:
    """The failings by family; or one, with its definition, what it is not, how it sounds, and where it stands in SEIPS, HFACS and others.

    Examples:

      tocsin learn taxonomy

      tocsin learn taxonomy escalation-delayed

      tocsin learn taxonomy --json > taxonomy.json
    """
    shelf, schemes = learn.load(), learn.crosswalks()
    if failing is not None and failing not in {f.id for f in shelf.failings}:
        near = [f.id for f in shelf.failings if any(part in f.id for part in failing.split("-"))]
        print(f"No failing is called {failing!r}." + (f" Near it: {', '.join(near[:5])}." if near else ""), file=sys.stderr)
        raise typer.Exit(2)
    chosen = [f for f in shelf.failings if failing in (None, f.id)]
    if as_json:
        rows = [
            {
                "id": f.id,
                "family": f.family.id,
                "name": f.name,
                "definition": f.definition,
                "not": f.not_,
                "examples": [{"voice": e.voice, "text": e.text} for e in f.examples],
                "schemes": [{"scheme": p.scheme.id, "element": p.element, "sources": list(p.scheme.sources)} for p in schemes.of(f)],
            }
            for f in chosen
        ]
        print(json.dumps({"version": shelf.version, "crosswalks": schemes.version, "failings": rows}))
        return
    if failing is None:
        for family in shelf.families:
            _say(f"\n{family.name}")
            for f in shelf.failings:
                if f.family.id == family.id:
                    _say(f"  {f.id}: {f.name}")
        _say(f"\n{len(shelf.failings)} failings in {len(shelf.families)} families, version {shelf.version}.")
        return
    (one,) = chosen
    _say(f"{one.name} ({one.family.name})\n{one.definition}\nNot: {one.not_}\n")
    for example in one.examples[:5]:
        _say(f"  {example.voice}: {example.text}")
    _say("\nIn published schemes, by our own reading:")
    for place in schemes.of(one):
        _say(f"  {place.scheme.name}: {place.element}")
        for source in place.scheme.sources:
            _say(f"    {source}")
    for scheme in schemes.without(one):
        _say(f"  {scheme.name}: no place. {scheme.outside}")
    for name, why in schemes.unmapped:
        _say(f"  {name}: {why}")


def _say(text: str) -> None:
    _out.print(text, highlight=False, markup=False)
