"""`parley agreement`: the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cluster.errors import UserError

NAMES = ("agreement.json", "agreement.md")


def agreement(
    labels: Annotated[list[Path], typer.Argument(help="JSONL of labels, one a line: docs/agreement.md.", show_default=False)],
    covariate: Annotated[list[str] | None, typer.Option(help="Another thing that a score should not go with.")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for agreement.json and agreement.md.  [none]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Say whether judges agree with people well enough to be a reward: alpha, weighted kappa, bias slopes, gates.

    Example: parley agreement labels.jsonl --covariate think --out agreement
    """
    from cluster.agreement.labels import read
    from cluster.agreement.study import study
    from cluster.agreement.tables import markdown, show, tables
    from cluster.terminal.json_text import dumps

    made = study(read(labels), covariate or [], seed=seed)
    shown = list(tables(made))
    show(shown)
    if out is not None:
        texts = (dumps(made.dump()) + "\n", markdown("Agreement of judges and humans", shown))
        write(out, dict(zip(NAMES, texts, strict=True)))


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write files into a folder, made if need be, and print where they are. Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
            typer.echo(folder / name)
    except OSError as error:
        raise UserError(f"--out {folder} cannot be written: {error.strerror}.") from None
