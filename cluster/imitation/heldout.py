"""Which lessons are not trained on.

Invariants, tested as properties
- Lessons of one task are all on one side, over all sources.
- A drill is never held out; one of a task that is, is left out altogether. A drill about no task is always trained on.
- Equal lessons and seed give an equal split.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from cluster.config.sft import HeldoutConfig
from cluster.errors import UserError
from cluster.imitation.lesson import Lesson

Task = tuple[str, str]


def split(
    sources: Sequence[Sequence[Lesson]], heldout: HeldoutConfig | None, seed: int, key: str
) -> tuple[list[list[Lesson]], list[Lesson]]:
    """(what each source has to train on, what is held out). `key`: the dotted path of the section, for the UserError that is
    raised when a source would have nothing left."""
    if heldout is None:
        return [list(lessons) for lessons in sources], []
    everything = sum(not lesson.drill for lessons in sources for lesson in lessons)
    share = heldout.share if heldout.share is not None else (heldout.conversations or 0) / max(1, everything)
    out: set[Task] = set()
    for lessons in sources:
        out |= _drawn(Counter(_task(lesson) for lesson in lessons if not lesson.drill), share, seed)
    train = [[lesson for lesson in lessons if _task(lesson) not in out] for lessons in sources]
    for number, lessons in enumerate(train):
        if not any(not lesson.drill for lesson in lessons):
            raise UserError(f"{key}.heldout leaves nothing of source {number} to train on: it has too few tasks for that.")
    return train, [lesson for lessons in sources for lesson in lessons if not lesson.drill and _task(lesson) in out]


def _drawn(tasks: Counter[Task], share: float, seed: int) -> set[Task]:
    """Tasks in an order of their own, which does not change when others are added, until they fill the share."""
    wanted = max(1, round(share * tasks.total()))
    drawn: set[Task] = set()
    for task in sorted(tasks, key=lambda task: _rank(task, seed)):
        if wanted <= 0:
            break
        drawn.add(task)
        wanted -= tasks[task]
    return drawn


def _rank(task: Task, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}/{task[0]}/{task[1]}".encode(), digest_size=8).digest()


def _task(lesson: Lesson) -> Task:
    return lesson.gym, lesson.task_id
