"""What may be spent at an endpoint: never more than the limit, whatever is under way."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import HANGS, Answer, said, serving

from actors.budget import OVERHEAD, Budget, most_of, price
from actors.endpoint import EndpointClient
from actors.endpoint_reply import BudgetSpent, EndpointError, Reply
from rewards.endpoint_config import EndpointConfig

PRICES = {"prompt_price": 2.0, "cached_price": 0.5, "completion_price": 8.0}
BODY = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 10}


def config(url: str = "http://x", **changes: float) -> EndpointConfig:
    return EndpointConfig(base_url=url, model="m", **{**PRICES, **changes})


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1), st.booleans())), st.floats(0, 10), st.floats(0, 3))
def test_what_is_paid_never_passes_the_limit(requests, most, spent):
    budget, under_way = Budget(most, min(spent, most)), []
    for bound, share, waits in requests:
        if budget.reserve(bound):
            under_way.append((bound, share))
        if under_way and not waits:
            bound, share = under_way.pop()
            budget.settle(bound, bound * share)
        assert budget.spent <= most + 1e-9


def test_cached_tokens_have_a_price_of_their_own():
    assert price(config(), 100, 10, 60) == pytest.approx((40 * 2 + 60 * 0.5 + 10 * 8) / 1e6)
    assert price(config(cached_price=None), 100, 10, 60) == price(config(), 100, 10, 0)


def test_the_bound_is_of_bytes_and_of_what_may_be_sampled():
    assert most_of(config(), BODY) == pytest.approx(((5 + OVERHEAD) * 2 + 10 * 8) / 1e6)
    assert most_of(config(), {**BODY, "max_completion_tokens": 20}) > most_of(config(), BODY)
    assert most_of(config(), {"messages": [{"content": "ü" * 5}]}) == pytest.approx((10 + OVERHEAD) * 2 / 1e6)


async def test_a_request_that_could_pass_the_limit_is_not_sent():
    room = most_of(config(), BODY)
    with serving([said("hi", prompt_tokens=10, completion_tokens=2)]) as server:
        client = EndpointClient(config(server.url, max_cost=1.5 * room), 1)
        answers = await asyncio.gather(*(client.complete(BODY) for _ in range(2)), return_exceptions=True)
        assert len(server.bodies) == 1, "the second one could have passed it while the first was under way"
        assert [type(answer) for answer in answers] == [Reply, BudgetSpent]
        await client.complete(BODY)
        assert client.counters()["cost"] == pytest.approx(2 * price(config(), 10, 2))


async def test_what_was_spent_before_counts_and_answers_are_told():
    room, paid = most_of(config(), BODY), []
    usage = '{"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 4}}'
    body = '{"choices": [{"message": {"content": "hi"}}], "usage": %s}' % usage  # noqa: UP031
    with serving([Answer(body=body)]) as server:
        settings = config(server.url, max_cost=room)
        with pytest.raises(BudgetSpent, match="max_cost has no room"):
            await EndpointClient(settings, 1, spent=room / 2).complete(BODY)
        await EndpointClient(settings, 1, paid=lambda reply, cost: paid.append((reply, cost))).complete(BODY)
    assert paid == [(Reply("hi", "stop", 9, 1, 4), pytest.approx(price(config(), 9, 1, 4)))]


async def test_a_request_without_an_answer_counts_in_full():
    room = most_of(config(), BODY)
    with serving([HANGS]) as server:
        settings = config(server.url, max_cost=1.5 * room).model_copy(update={"timeout_s": 0.2})
        client = EndpointClient(settings, 5)
        with pytest.raises(EndpointError, match="no answer within"):
            await client.complete(BODY)
        with pytest.raises(BudgetSpent):
            await client.complete(BODY)
        assert client.counters()["cost"] == 0.0, "nobody said what it cost"
