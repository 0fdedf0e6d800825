"""The command line: every command resolves its arguments and calls the library."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import scribblebench
from scribblebench.cli.clean import clean
from scribblebench.cli.data import data
from scribblebench.cli.evaluate import evaluate
from scribblebench.cli.export import export
from scribblebench.cli.gallery import gallery
from scribblebench.cli.import_predictions import import_predictions
from scribblebench.cli.logs import logs
from scribblebench.cli.predict import predict
from scribblebench.cli.prepare import prepare
from scribblebench.cli.realism import realism
from scribblebench.cli.report import report
from scribblebench.cli.run_trial import run_trial
from scribblebench.cli.simulate import simulate
from scribblebench.cli.status import status
from scribblebench.cli.sweep import sweep
from scribblebench.cli.train import train
from scribblebench.cli.validate import validate
from scribblebench.errors import InputError

app = typer.Typer(
    name="scribblebench",
    help="How little annotation, in which form, is enough? Simulate scribbles on dense labels, "
    "train segmentation networks on them, and report Dice against annotation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    *(simulate, gallery, realism),
    *(prepare, validate, sweep, status, logs, clean, run_trial),
    *(report, import_predictions),
    *(train, predict, evaluate),
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(data)
app.add_typer(export)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scribblebench {scribblebench.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Take the options that come before a command."""


def main() -> None:
    """Run the command line; bad input ends in one line on standard error and exit code 2."""
    try:
        app()
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
