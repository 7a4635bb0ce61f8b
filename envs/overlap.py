"""How much of what is held out was read in training: shared runs of words (n-grams) between the splits of a task list.

What is compared is what the agent reads first of a task, its rules aside; case and punctuation count for nothing. A text of
fewer than n words is one run, whole. That a run is shared is no leak by itself: generated tasks are made of few words, and what
is new in them is how they are joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import envs
from envs.base import Task
from envs.text import words

Gram = tuple[str, ...]
LISTED = 5


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of the held-out tasks."""

    n: int
    train: int
    heldout: int
    """Tasks."""
    touched: int
    """Held-out tasks that share at least one run with train."""
    identical: int
    """Held-out tasks whose whole text is that of a train task."""
    mean_share: float
    """Of a held-out task's runs, the share that is in train; mean over tasks."""
    common: tuple[tuple[str, int], ...]
    """The shared runs that most held-out tasks have, with how many have them."""

    @property
    def share(self) -> float:
        """Of the held-out tasks those that share a run; 0 if there are none."""
        return self.touched / self.heldout if self.heldout else 0.0


def overlap(train: Sequence[Task], heldout: Sequence[Task], n: int) -> Overlap:
    """Compare two lists of one gym's tasks by runs of n words."""
    known, texts = set[Gram](), set[Gram]()
    for text in _texts(train):
        texts.add(text)
        known.update(grams(text, n))
    shares, common, identical = list[float](), Counter[Gram](), 0
    for text in _texts(heldout):
        own = grams(text, n)
        shared = own & known
        common.update(shared)
        shares.append(len(shared) / len(own) if own else 0.0)
        identical += text in texts
    most = sorted(common.items(), key=lambda counted: (-counted[1], counted[0]))[:LISTED]
    listed = tuple((" ".join(gram), count) for gram, count in most)
    mean = sum(shares) / len(shares) if shares else 0.0
    return Overlap(n, len(train), len(heldout), sum(share > 0 for share in shares), identical, mean, listed)


def grams(text: Gram, n: int) -> frozenset[Gram]:
    """The runs of n words of a text; of a shorter one the text itself, of an empty one nothing."""
    if len(text) <= n:
        return frozenset([text] if text else [])
    return frozenset(text[place : place + n] for place in range(len(text) - n + 1))


def _texts(tasks: Sequence[Task]) -> Iterator[Gram]:
    for gym in dict.fromkeys(task.gym for task in tasks):
        for view in envs.first_views(gym, (task for task in tasks if task.gym == gym)):
            yield _words(message.content for message in view.messages)


def _words(parts: Iterable[str]) -> Gram:
    return tuple(word for part in parts for word in words(part))
