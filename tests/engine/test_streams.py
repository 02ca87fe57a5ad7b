"""Streams of chance: frozen values, evenness, and independence of entity, purpose and moment.

SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, section 3. Its published
test vector for the seed 1234567 is what `nth` yields.
"""

from __future__ import annotations

from itertools import combinations
from math import sqrt

from simulations.engine.streams import below, descend, mix, nth, stream_key, uniform
from tests.worlds import client, exponential, link, run, service, world

DRAWS = 20_000


def draws(entity: str = "c", purpose: str = "latency", seed: int = 1, count: int = DRAWS) -> list[float]:
    key = stream_key(seed, entity, purpose)
    return [uniform(key, nth(key, number)) for number in range(count)]


def correlation(a: list[float], b: list[float]) -> float:
    """Of two uniform samples."""
    return sum((x - 0.5) * (y - 0.5) for x, y in zip(a, b, strict=True)) * 12 / len(a)


def test_each_bit_that_goes_in_moves_half_of_those_that_come_out() -> None:
    # The avalanche criterion by which finalisers are chosen (Steele, Lea, Flood 2014, section 3).
    for bit in range(63):
        changed = [(mix(nth(7, number)) ^ mix(nth(7, number) ^ (1 << bit))).bit_count() for number in range(400)]
        assert abs(sum(changed) / len(changed) - 31.5) < 4 * sqrt(63 / 4 / len(changed))


def test_frozen_values_so_that_a_changed_primitive_is_noticed() -> None:
    key = stream_key(1, "c", "latency")
    assert key == 1392499668216106288
    assert stream_key(1, "c", "loss") == 2572198936650822833
    assert stream_key(2, "c", "latency") == 1057914831492170099
    assert mix(-1) == 6514504133438201533
    assert descend(1, 2, 0) == 6364136223846793007
    assert descend(1 << 62, 5, 1) == 6789028800895810586
    assert draws(count=4) == [0.9743761424428028, 0.7018067410583402, 0.7733766418020467, 0.6305303236004489]
    assert [below(key, nth(key, number), 10) for number in range(8)] == [9, 7, 7, 6, 3, 6, 2, 8]


def test_draws_are_even_over_the_unit_interval() -> None:
    sample = draws()
    assert min(sample) >= 0.0
    assert max(sample) < 1.0
    buckets = [0] * 100
    for draw in sample:
        buckets[int(draw * 100)] += 1
    expected = DRAWS / 100
    chi_squared = sum((count - expected) ** 2 / expected for count in buckets)
    # 99 degrees of freedom: mean 99, standard deviation √198.
    assert abs(chi_squared - 99) < 4 * sqrt(198)


def test_below_is_even_and_never_reaches_its_bound() -> None:
    key = stream_key(1, "disk", "prefix")
    sample = [below(key, nth(key, -number), 7) for number in range(1, 7001)]
    assert set(sample) == set(range(7))
    assert all(abs(sample.count(face) - 1000) < 4 * sqrt(1000 * 6 / 7) for face in range(7))


def test_streams_of_other_entities_purposes_and_seeds_are_uncorrelated() -> None:
    streams = [
        draws(), draws(entity="d"), draws(entity="c1"), draws(purpose="loss"), draws(seed=2),
        draws(purpose="latency2"),
    ]  # fmt: skip
    for a, b in combinations(streams, 2):
        assert abs(correlation(a, b)) < 4 / sqrt(DRAWS)


def test_two_streams_at_the_same_moment_are_uncorrelated() -> None:
    loss, latency = stream_key(1, "c>s", "loss"), stream_key(1, "c>s", "latency")
    moments = [nth(7, number) for number in range(DRAWS)]
    a = [uniform(loss, moment) for moment in moments]
    b = [uniform(latency, moment) for moment in moments]
    assert abs(correlation(a, b)) < 4 / sqrt(DRAWS)


def test_neighbouring_moments_of_one_stream_are_uncorrelated() -> None:
    key = stream_key(1, "c", "latency")
    plain = [uniform(key, number) for number in range(DRAWS + 1)]
    effects = [uniform(key, descend(12345, 0, number)) for number in range(DRAWS + 1)]
    for sample in (draws(count=DRAWS + 1), plain, effects):
        assert abs(correlation(sample[1:], sample[:-1])) < 4 / sqrt(DRAWS)
        assert abs(sum(sample) / len(sample) - 0.5) < 4 * sqrt(1 / 12 / DRAWS)


def test_entity_and_purpose_do_not_run_together() -> None:
    keys = {
        stream_key(1, "a", "bc"), stream_key(1, "ab", "c"), stream_key(11, "", "abc"), stream_key(1, "", "abc"),
        stream_key(1, "1a", "bc"),
    }  # fmt: skip
    assert len(keys) == 5


def test_another_seed_is_another_run_and_the_same_seed_the_same() -> None:
    def digest(seed: int) -> str:
        nodes = [client("c", rate_per_s=100), service("s")]
        return run(world(nodes, [link("c", "s", exponential(2))], seed=seed)).outcome.digest

    assert digest(1) == digest(1)
    assert len({digest(seed) for seed in range(5)}) == 5
