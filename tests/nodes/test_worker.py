"""Workers: when they acknowledge, what they remember, what they cannot work on, and what stands behind them."""

from __future__ import annotations

import pytest

from tests.nodes.queues import WRITES, doubled, lost, published, pulled, queue, worker
from tests.worlds import Entry, Run, client, crash, database, link, run, world

KEYED = {"requests": "increment", "idempotency_keys": True}


def test_it_works_on_so_many_at_once() -> None:
    story = pulled(workers=(worker("w", concurrency=3, service_time=100),))
    assert max(value for _, value in story.states("w", "busy")) == 3
    assert published(story, "worker.done") == len(story.operations())


@pytest.mark.parametrize("seed", range(1, 6))
def test_acknowledging_before_the_work_loses_and_after_it_repeats(seed: int) -> None:
    faults = [crash("w", at_ms, at_ms + 100) for at_ms in range(200, 2000, 200)]
    before = pulled(workers=(worker("w", service_time=30, acknowledges="before"),), faults=faults, seed=seed)
    assert lost(before) > 0
    assert doubled(before) == 0
    q = queue("q", visibility_timeout_ms=300)
    after = pulled(q, (worker("w", service_time=30),), faults, seed=seed)
    assert lost(after) == 0


def flaky(seed: int = 1, **params: object) -> Run:
    """A worker whose link loses a tenth of the messages, acknowledgements too, and that crashes again and again."""
    nodes = [
        client("c", pattern="deterministic", rate_per_s=50),
        queue("q", visibility_timeout_ms=200),
        worker("w", service_time=15, poll_wait_ms=100, timeout_ms=50, **params),
    ]
    links = [link("c", "q"), link("w", "q", loss=0.1)]
    faults = [crash("w", at_ms, at_ms + 50) for at_ms in range(300, 3000, 300)]
    return run(world(nodes, links, (), faults, 3000, 6000, seed))


@pytest.mark.parametrize("seed", range(1, 9))
def test_an_idempotent_worker_neither_loses_nor_repeats(seed: int) -> None:
    story = flaky(seed, keeps_results=True)
    assert (lost(story), doubled(story)) == (0, 0)
    assert published(story, "results.repeated") > 0
    assert published(story, "queue.acknowledged") == published(story, "queue.accepted")


def test_without_memory_it_repeats() -> None:
    story = flaky()
    assert lost(story) == 0
    assert doubled(story) > 5


def test_what_is_remembered_goes_to_disk_with_the_effect() -> None:
    """Should a crash find the fsync under way, the record and the effect stay together or are gone together."""
    for seed in range(1, 6):
        story = flaky(seed, keeps_results=True, fsync_time=40)
        assert (lost(story), doubled(story)) == (0, 0)


def test_a_senders_second_try_is_known_by_its_key() -> None:
    def sent_twice(**keys: object) -> Run:
        source = client("c", rate_per_s=50, timeout_ms=20, retry="fixed", backoff_ms=5, attempts_max=50, **keys)
        nodes = [source, queue("q"), worker("w", service_time=5, keeps_results=True)]
        return run(world(nodes, [link("c", "q", loss=0.1), link("w", "q")], (), (), 2000, 3000))

    assert doubled(sent_twice(idempotency_keys=True)) == 0
    assert doubled(sent_twice()) > 0


def test_poison_is_rejected_each_time() -> None:
    load = {"keys": 5, **WRITES}
    story = pulled(queue("q", attempts_max=3, pause_ms=10), (worker("w", poison_keys="k1 k4"),), load=load)
    poison = {op.id for op in story.operations() if op.key in ("k1", "k4")}
    assert {sent.op for sent in story.messages("reject")} == poison
    assert published(story, "worker.failed") == 3 * len(poison)
    assert lost(story) == len(poison)


def test_a_failure_by_chance_may_succeed_the_next_time() -> None:
    story = pulled(queue("q", pause_ms=10), (worker("w", failure_ratio=0.3),))
    failed = published(story, "worker.failed")
    assert 10 < failed < 100
    assert published(story, "queue.redelivered") == failed
    assert (lost(story), doubled(story)) == (0, 0)


def test_it_asks_what_stands_behind_and_rejects_what_failed_there() -> None:
    nodes = [client("c", rate_per_s=50, **KEYED), queue("q"), worker("w", timeout_ms=100, counts_effects=False)]
    store = database("d", concurrency=10, service_time=2, keeps_results=True)
    links = [link("c", "q"), link("w", "q"), link("w", "d")]
    story = run(world([*nodes, store], links, (), [crash("d", 500, 1500)], 2000, 5000))
    assert published(story, "worker.failed") > 0
    assert (lost(story), doubled(story)) == (0, 0)
    assert {sent.dst for sent in story.messages("increment", src="w")} == {"d"}


def test_it_takes_from_all_its_queues_or_from_one() -> None:
    def between(**params: object) -> Run:
        nodes = [client("c", rate_per_s=50), client("e", rate_per_s=50), queue("q"), queue("p"), worker("w", **params)]
        links = [link("c", "q"), link("e", "p"), link("w", "q"), link("p", "w")]
        return run(world(nodes, links, (), (), 1000, 5000))

    assert {sent.src for sent in between().messages("delivery")} == {"q", "p"}
    assert lost(between()) == 0
    assert {sent.src for sent in between(takes_from="p").messages("delivery")} == {"p"}


def test_it_goes_on_when_its_queue_comes_back() -> None:
    story = pulled(queue("q", visibility_timeout_ms=500), faults=[crash("q", 800, 1200)])
    assert lost(story) == 0
    assert story.at(9999, "q", "queue") == 0


def test_without_a_queue_it_does_nothing() -> None:
    story = run(world([worker("w"), database("d")], [link("w", "d")], (), (), 1000))
    assert story.messages() == []


@pytest.mark.parametrize("faults", [[], [crash("q", 700, 900)], [crash("w", 700, 900)]])
def test_over_streams_nothing_is_lost_either(faults: list[Entry]) -> None:
    nodes = [client("c", rate_per_s=50), queue("q", visibility_timeout_ms=500), worker("w", keeps_results=True)]
    links = [link("c", "q", transport="stream"), link("w", "q", loss=0.05, transport="stream")]
    story = run(world(nodes, links, (), faults, 2000, 8000))
    assert (lost(story), doubled(story)) == (0, 0)
    assert story.at(9999, "q", "queue") == 0
