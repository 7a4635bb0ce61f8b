"""N-grams are counted as documented, and the shipped tasks keep a limit (`docs/data.md`)."""

from __future__ import annotations

import pytest

import envs
from envs import registry
from envs.overlap import grams, overlap
from envs.search.task import Hidden, SearchTask, Visible
from envs.text import words

N = 8
WHOLE = 13
"""Words of a run that no two splits share."""
EXCEPTIONS = {("IntentionGym", "generated"): 0.25, ("TravelGym", "compact"): 1.0}
"""Lists in few words for tiny models: the share of held-out tasks with a run of N words that train has, too (docs/data.md)."""
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
def test_shipped_tasks_share_no_more_than_is_said(gym: str, source: str | None):
    options = {} if source is None else {"source": source}
    heldout, train = (envs.load(gym, split, **options)[:2000] for split in ("heldout", "train"))
    train = train or envs.load(gym, "train", source="all")
    found, whole = overlap(train, heldout, N), overlap(train, heldout, WHOLE)
    assert heldout and (whole.touched, whole.identical) == (0, 0)
    limit = EXCEPTIONS.get((gym, source or ""), 0.0)
    assert found.share <= limit, found.common
    assert bool(limit) == bool(found.touched), "an exception that is none any more is to be taken out"
