"""Options that say which labels of a protocol are meant: its trials share them among methods."""

from __future__ import annotations

from typing import Annotated

import typer

FormOption = Annotated[str | None, typer.Option(help="One of the protocol's forms.")]
DensityOption = Annotated[float | None, typer.Option(help="One of its densities.")]
RandomnessOption = Annotated[float | None, typer.Option(help="One of its randomness values.")]
VariantOption = Annotated[
    str | None,
    typer.Option(help="A variant, where they differ in what is annotated or seen."),
]
