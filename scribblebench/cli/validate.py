"""`scribblebench validate`: check protocols without data."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from scribblebench.errors import InputError


def validate(
    protocols: Annotated[
        list[str] | None,
        typer.Argument(
            help="Protocol files; looked for in the working folder, then among the shipped ones."
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of protocol files, for editors.")
    ] = False,
) -> None:
    """Check protocols, what they extend and all of their presets, without data.

    Prints one line for each protocol and preset: its name, and how many trials it has of each form
    and method. What is wrong takes one line a file; the exit code is 1 if there is any.
    """
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.sweep.plan import expand
    from scribblebench.sweep.protocol import find_protocol, read_with_presets
    from scribblebench.sweep.schema import schema_text

    if schema == bool(protocols):
        raise InputError("validate: takes either protocols or --schema")
    if schema:
        typer.echo(schema_text(), nl=False)
    wrong = False
    for name in protocols or []:
        try:
            found = read_with_presets(find_protocol(name))
        except (InputError, OSError) as error:
            typer.echo(f"error: {error}", err=True)
            wrong = True
            continue
        for protocol in found.values():
            counts = Counter((trial.form, trial.method) for trial in expand(protocol))
            each = ", ".join(f"{n} {form} {method}" for (form, method), n in counts.items())
            typer.echo(f"{protocol.name}: {counts.total()} trials ({each})")
    if wrong:
        raise typer.Exit(1)
