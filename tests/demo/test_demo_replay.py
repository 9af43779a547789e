"""Draws, laps and the collapse: the same for a seed, fair to the data, exact in number."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.demo.clock import VirtualClock
from otel_persona.demo.collapse import HANDFUL, START_SHARE, Texts, narrowed_share, pick_handful
from otel_persona.demo.draws import Draws
from otel_persona.demo.laps import request_laps, text_laps
from otel_persona.demo.replay import Budget
from otel_persona.demo.sources import load_requests, load_texts
from otel_persona.demo.validators import opening_move, pollyanna, sentences


def test_draws_are_fixed_for_all_machines() -> None:
    """These values were written down once; a change would change every figure of a seed."""
    draws = Draws(1, "texts")
    assert [draws.number() for _ in range(3)] == [
        0.43934207393390046,
        0.4833428451430658,
        0.28211708301093874,
    ]


@given(st.integers(), st.text())
def test_draws_lie_from_0_to_below_1(seed: int, purpose: str) -> None:
    """An index made from a draw never runs over the end."""
    draws = Draws(seed, purpose)
    assert all(0.0 <= draws.number() < 1.0 for _ in range(20))


def test_draws_are_even() -> None:
    """Each tenth of the range gets its share."""
    draws = Draws(3, "evenness")
    tenths = Counter(int(draws.number() * 10) for _ in range(10_000))
    assert set(tenths) == set(range(10))
    assert all(900 < count < 1_100 for count in tenths.values())


@given(st.lists(st.integers()), st.integers())
def test_shuffling_keeps_every_item(items: list[int], seed: int) -> None:
    """A lap leaves nothing out and doubles nothing."""
    assert Counter(Draws(seed, "x").shuffled(items)) == Counter(items)


def test_each_lap_of_texts_is_all_of_them_in_a_new_order() -> None:
    """No text comes twice before every other came once."""
    texts = load_texts()
    laps = text_laps(texts, Draws(1, "texts"))
    first, second = list(islice(laps, 500)), list(islice(laps, 500))
    assert set(first) == set(second) == set(texts)
    assert first != second


def test_requests_of_one_model_keep_their_real_order() -> None:
    """Providers are mixed, but the run of rate-limit errors at one of them stays a run."""
    requests = load_requests()
    lap = list(islice(request_laps(requests, Draws(1, "requests")), 2_100))
    assert Counter(lap) == Counter(requests)
    for key in {(request.provider, request.model) for request in requests}:
        in_lap = [request for request in lap if (request.provider, request.model) == key]
        assert in_lap == [
            request for request in requests if (request.provider, request.model) == key
        ]
    assert any(before.provider != after.provider for before, after in pairwise(lap))


@given(st.integers(1, 50), st.lists(st.integers(0, 3), max_size=40))
def test_a_budget_is_never_overspent(attempts: int, wanted: list[int]) -> None:
    """However many tries the stages want, no more are spent than there are."""
    budget = Budget(attempts)
    spent = 0
    for tries in wanted:
        spent += len(list(islice(budget.tries(), tries)))
        assert budget.spent == spent <= attempts
        assert budget.progress == spent / attempts


def test_a_stage_is_tried_three_times() -> None:
    """Two retries follow a failed attempt, as in the pipeline that the specification is from."""
    assert list(Budget(10).tries()) == [1, 2, 3]


def test_the_clock_moves_only_when_told() -> None:
    """Nanoseconds in, nanoseconds out, and nothing in between."""
    clock = VirtualClock(1_000)
    assert (clock(), clock()) == (1_000, 1_000)
    clock.advance(1.5)
    assert clock() == 1_500_001_000


def test_the_stream_narrows_from_its_start_on() -> None:
    """Nothing is simulated before; the share then only grows, and ends at all."""
    before = [narrowed_share(step / 1_000) for step in range(round(START_SHARE * 1_000))]
    after = [narrowed_share(step / 1_000) for step in range(round(START_SHARE * 1_000), 1_001)]
    assert set(before) == {0.0}
    assert after[0] == 0.5
    assert after == sorted(after)
    assert after[-1] == 1.0


def test_texts_come_from_the_handful_only_after_the_start() -> None:
    """Before the start the laps go on as without a collapse; at the end nothing else comes."""
    texts = load_texts()
    handful = pick_handful(texts)
    stream = Texts(iter(texts), handful, draws=Draws(1, "collapse"))
    assert [stream.next_text(0.49) for _ in range(50)] == list(texts[:50])
    assert {stream.next_text(1.0) for _ in range(200)} == set(handful)


def test_the_handful_is_the_most_positive_of_the_commonest_move() -> None:
    """What the collapse narrows to is real, alike in its opening, and the happiest there is."""
    texts = load_texts()
    handful = pick_handful(texts)
    moves = Counter(opening_move(sentences(text)[0]) for text in texts)
    commonest = moves.most_common(1)[0][0]
    assert len(handful) == HANDFUL
    assert {opening_move(sentences(text)[0]) for text in handful} == {commonest}
    least = min(pollyanna(text) or 0.0 for text in handful)
    rest = [text for text in texts if text not in handful]
    alike = [text for text in rest if opening_move(sentences(text)[0]) == commonest]
    assert all((pollyanna(text) or 0.0) <= least for text in alike)
    assert least > 0.85


def test_a_run_without_collapse_never_narrows() -> None:
    """Without a handful the stream is the laps, whatever the progress."""
    stream = Texts(iter(["a", "b"]), draws=Draws(1, "collapse"))
    assert [stream.next_text(1.0), stream.next_text(1.0)] == ["a", "b"]
    with pytest.raises(StopIteration):
        stream.next_text(1.0)
