from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.balancer import Balancer, NobodyAvailable


def test_the_least_loaded_member_is_chosen_and_ties_go_to_the_lowest():
    balancer = Balancer(3)
    assert [balancer.acquire() for _ in range(4)] == [0, 1, 2, 0]
    balancer.release(1)
    assert balancer.acquire() == 1


def test_a_lost_member_gets_nothing_until_it_is_back():
    balancer = Balancer(2)
    balancer.lost(0)
    assert [balancer.acquire(), balancer.acquire()] == [1, 1]
    balancer.back(0)
    assert balancer.acquire() == 0


def test_nobody_is_available_when_all_are_lost():
    balancer = Balancer(1)
    balancer.lost(0)
    with pytest.raises(NobodyAvailable):
        balancer.acquire()


def test_releasing_twice_is_an_error():
    balancer = Balancer(1)
    balancer.release(balancer.acquire())
    with pytest.raises(ValueError, match="no call in flight"):
        balancer.release(0)


@given(st.lists(st.integers(0, 2), max_size=60))
def test_load_never_differs_by_more_than_one_while_nothing_ends(keys: list[int]):
    balancer = Balancer(4)
    for _ in keys:
        balancer.acquire()
    assert max(balancer.in_flight.values()) - min(balancer.in_flight.values()) <= 1
