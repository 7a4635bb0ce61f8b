"""Advantages find their way back to the rows they belong to."""

from rewards.trajectory import Row, Turn, concat, to_table, validate, with_advantage, with_advantages_of


def row(episode: str, sequence: int, tokens: int) -> Row:
    turn, logprobs = [sequence] * tokens, [-0.5] * tokens
    return Row(
        *("agent", "user", "IntentionGym", "t", "train", 0, episode),
        sequence=sequence,
        tokens=list(range(tokens)),
        turn=turn,
        logprobs=logprobs,
        version=[0] * tokens,
        turns=[Turn(sequence, "stop")],
    )


def test_rows_that_were_left_out_keep_null_and_the_others_their_own():
    table = concat([to_table([row("a", 0, 2), row("a", 1, 3)]), to_table([row("b", 0, 1), row("c", 0, 2)])])
    assigned = with_advantage(table.take([3, 0, 1]), [[5.0, 6.0], [1.0, 2.0], [3.0, 3.0, 4.0]])
    joined = with_advantages_of(table, assigned)
    validate(joined)
    assert joined["advantage"].to_pylist() == [[1.0, 2.0], [3.0, 3.0, 4.0], None, [5.0, 6.0]]
    assert joined.drop_columns(["advantage"]).equals(table.drop_columns(["advantage"]))
    nothing = with_advantages_of(table, assigned.slice(0, 0))
    assert nothing["advantage"].to_pylist() == [None] * 4
