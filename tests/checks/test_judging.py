"""Which checks a run gets, and what a claim about them is held against."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from simulations.checks import finding as finding_module
from simulations.checks.finding import Finding, called
from simulations.checks.judging import WEAKER
from simulations.document import validate
from simulations.engine.simulation import Limits
from simulations.report import Recording, judge, record, report
from tests.checks.test_metrics import STORE


def store(mode: str, arrivals: str, **more: Any) -> dict[str, Any]:
    """Users who write and read three copies, each request to the next of them."""
    client = {"requests": "read-write", "arrivals": arrivals, "users": 4, "think_time": 5, "keys": 2}
    return STORE | {
        "nodes": [{"id": "c", "type": "client", "params": client}, {"id": "r", "type": "register", "count": 3}],
        "clusters": [{"id": "s", "protocol": "register", "members": ["r"], "params": {"mode": mode}}],
        "variants": {},
        **more,
    }


STAYING = store("ap", "closed")
ROAMING = store("ap", "closed") | {
    "nodes": [*STAYING["nodes"], {"id": "lb", "type": "load-balancer"}],
    "links": [{"id": "in", "a": "c", "b": "lb"}, {"id": "l", "a": "lb", "b": "r"}],
}


def violations(check: str, op: str = "==") -> dict[str, Any]:
    left = {"metric": f"checks.{check}.violations"}
    return {"claim": check, "left": left, "op": op, "right": 0}


def names(recording: Recording) -> list[str]:
    return [finding.name for finding in recording.findings]


def test_copies_that_answer_alone_are_causal_to_users_who_stay_with_one() -> None:
    verdicts = {finding.name: finding.verdict for finding in record(validate(STAYING).physical(), Limits()).findings}
    assert set(WEAKER) < set(verdicts)
    assert verdicts["linearizability"] == verdicts["sequential"] == "fail"
    assert {verdicts[name] for name in WEAKER if name != "sequential"} == {"pass"}


def test_and_not_to_users_who_are_sent_from_one_to_another() -> None:
    recording = record(validate(ROAMING).physical(), Limits())
    verdicts = {finding.name: finding.verdict for finding in recording.findings}
    assert {verdicts[name] for name in ("sequential", "causal", "read_your_writes", "monotonic_reads")} == {"fail"}
    metrics = recording.metrics()
    assert metrics["checks.read_your_writes.violations"] > 0
    told = {check["name"]: check for check in recording.checks()}
    assert {step["client"][:11] for step in told["monotonic_reads"]["evidence"]} == {"c, session "}
    assert {step["client"] for step in told["stale_reads"]["evidence"]} == {"c"}
    for check in recording.checks():
        assert check["title"]
        assert check["verdict"] != "fail" or check["at_ms"] is not None


def test_a_linearizable_run_is_not_unless_a_claim_asks() -> None:
    plain = validate(store("cp", "closed"))
    recording = record(plain.physical(), Limits())
    assert not set(WEAKER).intersection(names(recording))
    asked = (*WEAKER, "causal_memory")
    asking = validate(store("cp", "closed", expect=[violations(name) for name in asked]))
    judged = judge(asking, {"": record(asking.physical(), Limits())})
    told = {claim["claim"]: claim for claim in judged["expect"]}
    for name in ("sequential", "causal_memory", "causal", "read_your_writes", "monotonic_reads", "monotonic_writes"):
        assert told[name]["ok"], told[name]


def test_a_claim_is_answered_beside_what_is_judged_anyway() -> None:
    document = validate(ROAMING | {"expect": [violations("causal_memory", ">")]})
    told = report(document)
    assert told["expect"][0]["ok"]
    assert set(WEAKER) < {check["name"] for check in told["checks"]}


def test_where_each_operation_is_a_session_alone_there_is_nothing_to_tell() -> None:
    document = validate(store("ap", "open", expect=[violations(name) for name in WEAKER]))
    assert not set(WEAKER).intersection(names(record(validate(store("ap", "open")).physical(), Limits())))
    told = report(document)["expect"]
    assert [claim["ok"] for claim in told] == [False] * len(WEAKER)
    assert "no figure: No client did two things one after the other" in told[0]["reason"]


def test_replicas_that_differ_in_the_end_are_named() -> None:
    split = {"kind": "partition", "target": [["c", "r-1", "r-2"], ["r-3"]], "at_ms": 500}
    recording = record(validate(store("ap", "open", faults=[split])).physical(), Limits())
    told = next(finding for finding in recording.findings if finding.name == "convergence")
    assert told.verdict == "fail"
    assert "r-1, r-2 one state since" in told.explanation
    assert "r-3 another since" not in told.explanation
    assert "r-3 another state since" in told.explanation
    assert told.at_ns is not None


def test_where_nobody_writes_no_write_can_be_lost() -> None:
    document = store("cp", "closed")
    document["nodes"][0]["params"]["read_ratio"] = 1
    assert "stale_reads" in names(record(validate(document).physical(), Limits()))
    assert "lost_writes" not in names(record(validate(document).physical(), Limits()))
    claim = document | {"expect": [{**violations("lost_writes"), "left": {"metric": "writes.lost"}}]}
    assert report(validate(claim))["expect"][0]["ok"] is not True


def test_sentences_call_nodes_as_the_page_does() -> None:
    """By the label, or the id where there is none; ids stay in the evidence, and on the command line."""
    labelled = STAYING | {"nodes": [STAYING["nodes"][0] | {"label": "Alice & co"}, STAYING["nodes"][1]]}
    document = validate(labelled)
    recording = record(document.physical(), Limits())
    told = judge(document, {"": recording})["checks"]
    plain = report(document)["checks"]
    failed = [(mine, other) for mine, other in zip(told, plain, strict=True) if mine["verdict"] == "fail"]
    assert {"linearizability", "stale_reads", "sequential"} <= {mine["name"] for mine, _ in failed}
    for mine, other in failed:
        assert mine["explanation"].replace("Alice & co", "c") == other["explanation"]
        assert "Alice & co" in mine["explanation"]
        assert not set("\u2068\u2069") & set(mine["explanation"] + other["explanation"])
        assert {step["client"].split(",")[0] for step in mine["evidence"]} == {"c"}


def test_an_id_that_is_a_word_of_the_sentence_too_is_called_only_where_it_is_a_node() -> None:
    finding = Finding("stale_reads", "fail", f"{called('read')} read 3 from k1, but {called('b')} had written 4.")
    assert finding.explanation == "read read 3 from k1, but b had written 4."
    assert finding.explained({"read": "Reader"}) == "Reader read 3 from k1, but b had written 4."


def test_no_check_puts_the_id_of_a_node_into_a_sentence_bare() -> None:
    bare = re.compile(r"\{(?:log\.nodes\[[^\]]*\]|\w+\.node|\w+\.event\.sender)\}")
    folder = Path(finding_module.__file__).parent
    lines = [f"{path.name}: {line.strip()}" for path in folder.glob("*.py") for line in path.read_text().splitlines()]
    assert [line for line in lines if bare.search(line)] == [
        'finding.py: "client": f"{operation.node}, {_session(operation)}" if by_session else operation.node,'
    ]
