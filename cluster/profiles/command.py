"""The verbs of `parley profiles`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cluster.errors import UserError

KitFile = Annotated[Path, typer.Argument(help="The kit, .jsonl.", show_default=False)]
HELP = "Do generated user profiles fit persona and SOP? People say.  Example: parley profiles kit --out kit.jsonl -n 40"


def profiles_app() -> typer.Typer:
    """`parley profiles`."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=HELP)
    for verb in (kit, label, audit):
        app.command(verb.__name__)(verb)
    return app


def kit(
    out: Annotated[Path, typer.Option(help="The file to make, .jsonl.", show_default=False)],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many profiles.")] = 40,
    split: Annotated[Literal["train", "dev", "test"] | None, typer.Option(help="Of personas and SOPs.  [all]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice and of the profiles.")] = 0,
) -> None:
    """Write generated profiles to label, each with its persona, SOP and questions; the domains take turns.

    Example: parley profiles kit --out kit.jsonl -n 40
    """
    from cluster.data.tasks import must_be_writable
    from cluster.profiles.kit import kit as made

    must_be_writable(out, ".jsonl")
    items = made(count, split=split, seed=seed)
    out.write_text("".join(item.model_dump_json(by_alias=True) + "\n" for item in items), encoding="utf-8")
    typer.echo(f"{len(items)} profiles of {len({item.domain for item in items})} domains: {out}")


def label(
    kit: KitFile,
    rater: Annotated[str, typer.Option(help="Who answers.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Where answers are added.  [beside the kit: .labels.jsonl]")] = None,
) -> None:
    """Answer a kit's questions: y, n, s to skip, q to leave. It goes on where you left.

    Example: parley profiles label kit.jsonl --rater ana
    """
    from cluster.agreement.labels import records
    from cluster.profiles.form import label as ask
    from cluster.profiles.kit import KitItem

    if not 0 < len(rater) <= 200:
        raise UserError("--rater needs a name of 1 to 200 letters.")
    items = [item for _, item in records([kit], KitItem)]
    if not items:
        raise UserError(f"{kit} has no profile to label.")
    path = kit.with_suffix(".labels.jsonl") if out is None else out
    left = ask(items, path, rater)
    typer.echo(f"{path}: {left} questions left." if left else f"{path}: all questions are answered.")


def audit(
    labels: Annotated[list[Path], typer.Argument(help="Answers of one or more raters, .jsonl.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="A folder for audit.json and audit.md.  [none]")] = None,
) -> None:
    """Say how often profiles fit, per question and domain, with intervals, and how far raters agree.

    Example: parley profiles audit kit.labels.jsonl --out audit
    """
    from cluster.agreement.command import write
    from cluster.agreement.tables import markdown, show
    from cluster.profiles.answers import read
    from cluster.profiles.audit import raters, rates
    from cluster.profiles.kit import QUESTIONS
    from cluster.profiles.tables import tables
    from cluster.terminal.json_text import dumps

    answers = read(labels, QUESTIONS)
    if all(answer.answer == "skip" for answer in answers):
        raise UserError(f"{', '.join(map(str, labels))}: there is no answer of yes or no.")
    found, people = rates(answers), raters(answers)
    shown = tables(found, people)
    show(shown)
    if out is not None:
        data: dict[str, Any] = {
            "schema": "profile_audit/v1",
            "rates": [asdict(rate) | {"rate": rate.rate._asdict()} for rate in found],
            "raters": [asdict(each) for each in people],
        }
        write(out, {"audit.json": dumps(data) + "\n", "audit.md": markdown("Audit of dynamic profiles", shown)})
