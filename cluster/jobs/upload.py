"""What a job finds of this machine: the folder that is uploaded as its working directory."""

from __future__ import annotations

import logging
from pathlib import Path

from cluster.errors import UserError

LOGGER = logging.getLogger(__name__)
"""Ray's own would tell of every ignore file it reads."""


def checkout() -> Path:
    """The repository that this package lies in. Raises UserError where it is installed elsewhere."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "pyproject.toml").is_file():
        raise UserError("--working-dir is missing: parley is installed, not checked out; name the folder to upload.")
    return root


def inside(config: Path, folder: Path) -> str:
    """The config's path as the job sees it, from the folder. Raises UserError if it would not be uploaded."""
    if not folder.is_dir():
        raise UserError(f"--working-dir is {str(folder)!r}: there is no such folder.")
    path, top = config.resolve(), folder.resolve()
    if not path.is_relative_to(top):
        raise UserError(
            f"{config} lies outside of {folder}, which is all that is uploaded: copy it there, or set --working-dir."
        )
    if left_out_by := _ignored(path, top):
        raise UserError(f"{config} is not uploaded: {left_out_by} leaves it out; copy it to a folder that is.")
    return str(path.relative_to(top))


def _ignored(path: Path, top: Path) -> str | None:
    """The folder whose .gitignore or .rayignore names the file or a folder above it, as Ray reads them."""
    from ray._private.runtime_env.packaging import get_excludes_from_ignore_files

    below = [step for step in (path, *path.parents) if step != top and step.is_relative_to(top)]
    for folder in (*below[1:], top):
        for ignored in get_excludes_from_ignore_files(folder, include_gitignore=True, logger=LOGGER):
            if any(ignored(step) for step in below if step.is_relative_to(folder) and step != folder):
                return f".gitignore or .rayignore in {folder}"
    return None
