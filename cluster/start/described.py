"""A cluster given as a file instead of one that is there: `parley train CONFIG --dry-run --nodes FILE`.

nodes:
  - {count: 1, cpus: 96, gpus: 8, resources: {learner_node: 1}}
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, ValidationError

from cluster.config import yaml_text
from cluster.config.complaint import complaint
from cluster.errors import UserError
from cluster.start.placement import CPU, GPU, Bundle


class Node(BaseModel):
    """Machines of one kind."""

    model_config = ConfigDict(extra="forbid")

    count: PositiveInt = 1
    cpus: NonNegativeFloat
    gpus: NonNegativeInt = 0
    resources: dict[str, NonNegativeFloat] = Field(default_factory=dict)
    """Custom Ray resources of each."""


class DescribedCluster(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    nodes: list[Node] = Field(min_length=1)


def described_nodes(path: Path) -> list[Bundle]:
    """The resources of every node in the file. Raises UserError."""
    raw = yaml_text.read(path)
    try:
        cluster = DescribedCluster.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{path}: {complaint(error, DescribedCluster, raw)}") from None
    return [
        {CPU: node.cpus, **({GPU: float(node.gpus)} if node.gpus else {}), **node.resources}
        for node in cluster.nodes
        for _ in range(node.count)
    ]
