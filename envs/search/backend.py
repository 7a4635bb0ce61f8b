"""What SearchGym searches: any `Backend`, by default the corpus of the made-up world.

Invariant: a back end that fails raises `BackendError`; an empty list means that it looked and found nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from envs.search.world import Article, world
from envs.text import words

if TYPE_CHECKING:
    import bm25s

TITLE_WEIGHT = 3
"""How often a title's words count, so that a thing's own article comes before those that mention it."""


class BackendError(RuntimeError):
    """The search did not work: the episode says nothing about who searched."""


class Backend(Protocol):
    """Where articles are found."""

    async def search(self, query: str, count: int) -> list[Article]:
        """At most `count` articles, best first. Raises BackendError."""
        ...


class Corpus:
    """The articles of the world by BM25; the same query finds the same in every process. The index is made once in each."""

    async def search(self, query: str, count: int) -> list[Article]:
        return list(_ranked(words(query), count))


@lru_cache(maxsize=1)
def _index() -> tuple[bm25s.BM25, frozenset[str]]:
    """The index and the words in it."""
    import bm25s  # half a second, and only who searches needs it

    texts = [[*words(article.title) * TITLE_WEIGHT, *words(article.text)] for article in world().articles]
    index = bm25s.BM25()
    index.index(texts, show_progress=False)
    return index, frozenset(word for text in texts for word in text)


@lru_cache(maxsize=4096)
def _ranked(query: tuple[str, ...], count: int) -> tuple[Article, ...]:
    index, known = _index()
    asked = [word for word in query if word in known]
    if not asked:
        return ()
    articles, scores = world().articles, index.get_scores(asked).tolist()
    # Rounded: what differs in the last bits only is a tie, on every machine.
    best = sorted(range(len(articles)), key=lambda place: (-round(scores[place], 4), place))
    return tuple(articles[place] for place in best[:count] if scores[place] > 0)
