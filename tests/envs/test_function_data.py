"""The rules and tasks of FunctionGym: each function once, and nothing of them in both splits."""

from collections import defaultdict
from fractions import Fraction

import pytest

import envs
from envs.function.catalogue import GENERIC, SOURCES, _joined, rules, split_of
from envs.function.rule import VARIABLES, Node, evaluate, shape, text, variables
from envs.function.task import value
from envs.function.wording import OPENINGS, SEPARATORS, place

TASKS = {split: envs.load("FunctionGym", split, source="all", count=300) for split in ("train", "heldout")}
UNSEEN = {name: Fraction(number) for name, number in zip(VARIABLES, (61, 101, 43, 79), strict=True)}


@pytest.mark.parametrize("source", SOURCES)
def test_every_rule_uses_all_variables_and_is_a_function_of_its_own(source):
    assert len(rules(source)) > 2000
    assert all(variables(rule.tree) == set(VARIABLES) for rule in rules(source))
    if source == "square":
        assert len({evaluate(rule.tree, UNSEEN) for rule in rules(source)}) > 0.95 * len(rules(source))
    points = [dict(zip(VARIABLES, map(Fraction, point), strict=True)) for point in GENERIC[source]]
    assert len({tuple(evaluate(rule.tree, point) for point in points) for rule in rules(source)}) == len(rules(source))


@pytest.mark.parametrize("source", SOURCES)
def test_the_ways_to_write_a_function_have_one_shape(source):
    shapes = defaultdict(set)
    for _, tree, values in _joined(frozenset(VARIABLES), source):
        shapes[values].add(shape(tree))
    assert {len(found) for found in shapes.values()} == {1}


def test_the_kinds_of_rules():
    def powers(tree):
        return [tree, *powers(tree.left), *powers(tree.right)] if isinstance(tree, Node) else []

    for source in SOURCES:
        exponents = [[node.right for node in powers(rule.tree) if node.operator == "**"] for rule in rules(source)]
        assert max(map(len, exponents)) == 1 and [] in exponents
        assert {type(exponent) for found in exponents for exponent in found} == ({Fraction} if source == "square" else {str})


def test_train_and_heldout_share_no_rule_shape_or_opening():
    for of in (
        lambda task: task.hidden.rule,
        lambda task: shape(next(rule.tree for rule in rules(task.source) if text(rule.tree) == task.hidden.rule)),
        lambda task: task.visible.opening,
        lambda task: task.id,
    ):
        kept = {split: set(map(of, tasks[::10])) for split, tasks in TASKS.items()}
        assert kept["train"] and kept["heldout"] and not kept["train"] & kept["heldout"]
    shapes = defaultdict(set)
    for source in SOURCES:
        for rule in rules(source):
            shapes[shape(rule.tree)].add(rule.split)
            assert rule.split == split_of(rule.tree)
    assert {len(splits) for splits in shapes.values()} == {1}
    assert SEPARATORS["train"] != SEPARATORS["heldout"]


def test_openings_belong_to_a_source_and_a_split():
    for split, tasks in TASKS.items():
        assert all(place(task.visible.opening) == (task.source, split) for task in tasks)
    listed = [text for splits in OPENINGS.values() for texts in splits.values() for text in texts]
    assert len(set(listed)) == len(listed) and place("Hello.") is None


def test_test_cases_lie_within_bounds_and_have_the_value_that_is_expected():
    for task in (*TASKS["train"], *TASKS["heldout"]):
        hidden = task.hidden
        assert len(set(hidden.case)) == 4 and set(hidden.case) <= set(range(1, 11)) and abs(hidden.expected) <= 10**6
        assert value(hidden.rule, tuple(map(Fraction, hidden.case))) == hidden.expected
        assert hidden.case not in GENERIC[task.source]


def test_lists_depend_on_the_seed_only_and_are_as_long_as_asked():
    assert envs.load("FunctionGym", "heldout", count=50) == envs.load("FunctionGym", "heldout", seed=0)[:50]
    assert envs.load("FunctionGym", "heldout", count=50, seed=1) != envs.load("FunctionGym", "heldout", count=50)
    assert len(envs.load("FunctionGym", "heldout")) == 400
    assert len({(task.hidden.rule, task.hidden.case) for task in TASKS["train"]}) == len(TASKS["train"]) == 600
    with pytest.raises(ValueError, match="source"):
        envs.load("FunctionGym", "train", source="files")
