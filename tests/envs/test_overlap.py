"""N-grams are counted as documented, and no shipped held-out task shares one with train (`docs/data.md`)."""

from __future__ import annotations

import pytest

import envs
from envs import registry
from envs.overlap import grams, overlap
from envs.search.task import Hidden, SearchTask, Visible
from envs.text import words

N = 8
"""Words of a run that no two splits share."""
ELSEWHERE = {"all", "tau_bench"}
"""The others together; what takes a package."""
LISTS = [(gym, source) for gym in envs.gyms() for source in registry.sources(gym) or (None,) if source not in ELSEWHERE]


def question(text: str, key: str = "q") -> SearchTask:
    return SearchTask(id=key, gym="SearchGym", split="train", visible=Visible(question=text), hidden=Hidden(answer="a"))


def test_a_run_is_n_words_and_a_shorter_text_is_one():
    assert grams(words("A b, c D!"), 3) == {("a", "b", "c"), ("b", "c", "d")}
    assert grams(words("a b"), 3) == {("a", "b")} and grams(words("a b c"), 3) == {("a", "b", "c")}
    assert grams((), 3) == frozenset()


def test_tasks_are_counted_that_share_a_run():
    train = [question("who made the red boat"), question("where is it")]
    heldout = [question("Who made the red box?"), question("Where is it?"), question("who is she"), question("...")]
    found = overlap(train, heldout, 3)
    assert (found.train, found.heldout, found.touched, found.identical) == (2, 4, 2, 1)
    assert found.share == 0.5 and found.mean_share == pytest.approx((2 / 3 + 1) / 4)
    assert found.common == (("made the red", 1), ("where is it", 1), ("who made the", 1))
    assert overlap(train, [], 3).share == 0


@pytest.mark.parametrize(("gym", "source"), LISTS)
def test_shipped_tasks_share_no_run_of_words(gym: str, source: str | None):
    options = {} if source is None else {"source": source}
    heldout, train = (envs.load(gym, split, **options) for split in ("heldout", "train"))
    train = train or envs.load(gym, "train", source="all")
    found = overlap(train, heldout, N)
    assert heldout and (found.touched, found.identical) == (0, 0), found.common
