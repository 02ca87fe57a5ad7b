"""Mail servers: what has been accepted is kept over crashes of either side until it is delivered (RFC 5321, sections
4.5.4 and 6.1), and delivered once where message ids are kept with the messages (RFC 1047 has how copies come about).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from simulations.nodes.mail_server import MailServer
from tests.nodes.stories import user, write
from tests.worlds import MS, Entry, Run, client, crash, link, lossy, node, run, world

WRITES: dict[str, Any] = {"requests": "read-write", "read_ratio": 0, "idempotency_keys": True, "timeout_ms": 1000}
EACH: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 20, "keys": 2, **WRITES}


def post(faults: Any = (), loss: float = 0.0, load: Any = None, duration_ms: float = 5000, **params: Any) -> Run:
    """A user of server `a`, who writes to mailboxes there (k0) and at server `b` (k1)."""
    its: dict[str, Any] = {"retry_ms": 300, "timeout_ms": 50, **params}
    nodes = [client("user", **{**EACH, **(load or {})}), node(MailServer, "a", **its), node(MailServer, "b", **its)]
    servers: Entry = {"id": "post", "protocol": "mail-server", "members": ["a", "b"]}
    servers["link"] = {"latency": 5, "loss": loss}
    return run(world(nodes, [link("user", "a")], [servers], faults, duration_ms, 20_000))


def copies(story: Run) -> Counter[int]:
    """How often the mail of each operation came into a mailbox."""
    return Counter(row[3] for row in story.rows("effects"))


def once(story: Run) -> bool:
    """Whether every message that was accepted is in its mailbox once."""
    found = copies(story)
    return all(found[op.id] == 1 for op in story.operations() if op.type == "ok")


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def test_mail_goes_to_the_server_of_its_mailbox_or_stays() -> None:
    story = post(duration_ms=1000)
    away = [op for op in story.operations() if op.key == "k1"]
    assert len(story.messages("mail", src="a", dst="b")) == len(away) > 0
    assert once(story)
    assert story.at(20_000, "a", "copies") + story.at(20_000, "b", "copies") == len(story.operations())
    assert story.at(20_000, "a", "spool") == 0


def test_the_user_waits_for_the_own_server_only() -> None:
    stored, direct = post(duration_ms=1000), post(duration_ms=1000, store_and_forward=False)
    assert max(op.takes_ms for op in stored.operations()) == pytest.approx(7)  # there, fsync, back
    assert min(op.takes_ms for op in direct.operations() if op.key == "k1") == pytest.approx(17)


def test_mail_survives_the_outage_of_the_receiving_server() -> None:
    outage = [crash("b", 1000, 3000)]
    story, direct = post(outage), post(outage, store_and_forward=False)
    assert set(story.ends()) == {("ok", "")}
    assert once(story)
    assert published(story, "mail.retried") > 0
    assert direct.ends()["info", "timed out"] > 10


def test_what_the_sending_server_has_accepted_survives_its_crash() -> None:
    """It crashes while the other server is down, with mail in its spool."""
    story = post([crash("b", 1000, 3000), crash("a", 2000, 2500)])
    assert story.at(1990, "a", "spool") > 5
    assert once(story)


@pytest.mark.parametrize("seed", range(3))
def test_message_ids_stored_with_the_mail_keep_it_single_over_lost_answers_and_crashes(seed: int) -> None:
    crashes = [crash("b", at, at + 100) for at in range(500 + 37 * seed, 5000, 400)]
    story = post(crashes, 0.3)
    assert once(story)
    assert published(story, "results.repeated") > 3


def test_without_ids_lost_answers_make_copies() -> None:
    story = post((), 0.3, dedup="none")
    assert max(copies(story).values()) > 1
    assert set(copies(story)) == {op.id for op in story.operations()}  # but nothing is lost


def test_ids_in_memory_are_enough_until_a_crash() -> None:
    """Answers are lost before the crash; the copies come after it."""
    lost = lossy("post:a-b", 0.5, 0, 1000)
    assert once(post([lost], dedup="memory"))
    twice = post([lost, crash("b", 1000, 1010)], dedup="memory")
    assert max(copies(twice).values()) > 1
    assert once(post([lost, crash("b", 1000, 1010)]))


def test_mail_that_a_crash_leaves_on_the_disk_is_in_the_mailbox() -> None:
    """Written and not yet synced, it may outlive a crash. Then it is known when it comes again from the spool."""
    faults = [crash("a", at, at + 20) for at in range(60, 4000, 200)]
    assert once(post(faults, load={"keys": 1}, duration_ms=4000))


@pytest.mark.parametrize(("crashes_ms", "sent_ms"), [(376, [56, 368, 718]), (400, [56, 368])])
def test_mail_in_the_page_cache_is_not_acknowledged_before_it_is_synced(crashes_ms: float, sent_ms: list[int]) -> None:
    """A process dies with mail that it has not synced. When it comes again the next one knows it, and syncs first: the
    machine may crash.
    """
    nodes = [user("user", "a", [write(50, 1, "k1")])]
    nodes += [node(MailServer, id, retry_ms=300, timeout_ms=50) for id in ("a", "b")]
    servers: Entry = {"id": "post", "protocol": "mail-server", "members": ["a", "b"], "link": {"latency": 5, "loss": 0}}
    dies = {"kind": "stop", "target": "b", "at_ms": 63, "until_ms": 64, "drain_ms": 0, "lead_ms": 0}
    for seed in range(4):  # the crash may leave on the disk what was not synced
        faults = [dies, crash("b", crashes_ms, 500)]
        story = run(world(nodes, [link("user", "a")], [servers], faults, 1000, 1000, seed))
        assert once(story)
        assert [sent.sent_ns // MS for sent in story.messages("mail")] == sent_ms


def test_a_user_who_submits_again_makes_no_copy_where_the_id_is_the_users() -> None:
    """The link to the user loses answers; the user asks again."""
    again = {"retry": "fixed", "attempts_max": 50, "backoff_ms": 10, "timeout_ms": 30}

    def submitted(keys: bool) -> Run:
        return post([lossy("user-a", 0.3, 0)], 0.0, {**again, "idempotency_keys": keys})

    assert once(submitted(True))
    assert max(copies(submitted(False)).values()) > 1  # each time it is another message


def test_mail_is_given_up_at_last() -> None:
    story = post([crash("b", 0)], duration_ms=1000, give_up_ms=2000)
    away = [op for op in story.operations() if op.key == "k1"]
    assert published(story, "mail.undeliverable") == len(away) > 0
    assert story.at(10_000, "a", "spool") == 0
    assert any("undeliverable" in text for _, text in story.notes("a"))


def test_mail_that_is_on_its_way_belongs_to_who_wrote_it() -> None:
    story = post([crash("b", 500, 2000), crash("a", 1000, 1500)], duration_ms=900)
    late = [sent for sent in story.messages("mail", outcome="delivered") if sent.sent_ns > 2000 * MS]
    assert late
    assert all(sent.op >= 0 for sent in late)


def test_a_full_disk_refuses_mail() -> None:
    full = {"kind": "disk", "mode": "full", "target": "a", "at_ms": 0, "until_ms": None}
    story = post([full], duration_ms=500)
    assert set(story.ends()) == {("fail", "disk full")}


def test_giving_up_before_the_second_attempt_is_doubted() -> None:
    params = {param.name: param.default for param in MailServer.PARAMS}
    assert MailServer.doubts(params, frozenset()) == []
    assert [name for name, _ in MailServer.doubts(params | {"give_up_ms": 1000}, frozenset())] == ["give_up_ms"]


def test_a_rate_limit_refuses_users_and_has_servers_try_again() -> None:
    limited = post(duration_ms=2000, rate_limit_per_s=10, rate_limit_burst=1)
    without = post(duration_ms=2000)
    assert set(without.ends()) == {("ok", "")}
    assert limited.ends()["fail", "rate limited"] > 15
    assert once(limited)

    users = {"rate_limit_per_s": 0}
    servers = {"retry_ms": 300, "timeout_ms": 50}
    nodes = [client("user", **{**EACH, "rate_per_s": 40})]
    nodes += [node(MailServer, "a", **servers, **users), node(MailServer, "b", **servers, rate_limit_per_s=10)]
    mesh: Entry = {"id": "post", "protocol": "mail-server", "members": ["a", "b"], "link": {"latency": 5, "loss": 0}}
    story = run(world(nodes, [link("user", "a")], [mesh], (), 2000, 20_000))
    assert set(story.ends()) == {("ok", "")}  # the spool takes it, and the other server in its time
    assert published(story, "admission.rate_limited") == published(story, "mail.retried") > 5
    assert once(story)
