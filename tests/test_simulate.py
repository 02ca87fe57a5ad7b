"""`manage.py simulate`: what it prints, its exit status, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from simulations.engine.trace import decode

ROOT = Path(__file__).resolve().parent.parent
TINY: dict[str, Any] = {
    "format": "netsplit/1",
    "title": "Tiny",
    "duration_ms": 2000,
    "settle_ms": 1000,
    "nodes": [{"id": "c", "type": "client", "params": {"rate_per_s": 20}}, {"id": "s", "type": "service"}],
    "links": [{"id": "l", "a": "c", "b": "s"}],
    "faults": [],
    "variants": {
        "down": [{"op": "add", "path": "/faults/-", "value": {"kind": "crash", "target": "s", "at_ms": 0}}],
        "idle": [],
    },
    "expect": [
        {"claim": "All is served", "left": {"metric": "ops.success_ratio"}, "op": "==", "right": 1},
        {
            "claim": "The dead serve nobody",
            "left": {"metric": "ops.ok", "variant": "down"},
            "op": "==",
            "right": 0,
        },
    ],
}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(TINY))
    return path


def simulate(*arguments: object) -> tuple[int, str, str]:
    """Exit status, output and errors of the command, run in this process."""
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command("simulate", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as end:
        status = int(end.code or 0)
    return status, out.getvalue(), err.getvalue()


def test_a_scenario_whose_claims_hold(tiny: Path) -> None:
    status, out, err = simulate(tiny, "--json")
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert result["status"] == "finished"
    assert result["simulated_ms"] == 3000
    assert result["messages"]["sent"] == result["messages"]["delivered"] > 0
    assert result["metrics"]["ops.success_ratio"] == 1
    assert list(result["variants"]) == ["down"]
    assert set(result["variants"]["down"]) >= {"digest", "status", "events", "messages", "metrics", "checks"}
    assert [(claim["claim"], claim["ok"], claim["actual"]) for claim in result["expect"]] == [
        ("All is served", True, 1),
        ("The dead serve nobody", True, 0),
    ]


def test_a_failing_claim_ends_with_1(tiny: Path) -> None:
    status, out, _ = simulate(tiny, "--variant", "down", "--json")
    result = json.loads(out)
    assert status == 1
    assert result["variants"] == {}
    assert [claim["ok"] for claim in result["expect"]] == [False, True]


def test_a_claim_on_another_variant_is_left_unjudged(tiny: Path) -> None:
    status, out, _ = simulate(tiny, "--variant", "idle")
    assert status == 0
    assert "not judged The dead serve" in out
    assert 'needs a run of the variant "down"' in out


def test_text_for_people(tiny: Path) -> None:
    status, out, _ = simulate(tiny)
    assert status == 0
    assert out.startswith("Tiny\nseed 1\n")
    assert "Variant down" in out
    assert "dropped (node down)" in out
    assert "holds      All is served" in out


def test_seed_and_settings_change_the_run(tiny: Path) -> None:
    digests = {
        json.loads(simulate(tiny, "--json", *more)[1])["digest"]
        for more in ([], ["--seed", 2], ["--set", "nodes.s.params.concurrency=1"], ["--set", "duration_ms=1000"])
    }
    assert len(digests) == 4


def test_the_trace_is_written_chunk_by_chunk(tiny: Path, tmp_path: Path) -> None:
    import msgpack

    path = tmp_path / "tiny.trace"
    assert simulate(tiny, "--trace", path)[0] == 0
    raw = path.read_bytes()
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(raw)
    numbers = [chunk["n"] for chunk in unpacker]
    assert numbers == list(range(len(numbers)))
    assert decode(msgpack.packb(next(iter(_chunks(raw)))))["n"] == 0


def _chunks(raw: bytes) -> Any:
    import msgpack

    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(raw)
    return unpacker


def test_a_run_cut_short_by_a_limit_fails_its_claims(tiny: Path) -> None:
    status, out, _ = simulate(
        tiny, "--set", "duration_ms=3700000", "--set", "nodes.c.params.rate_per_s=0.001", "--json"
    )
    result = json.loads(out)
    assert status == 1
    assert result["status"] == "limited"
    assert "The run did not finish" in result["expect"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cap-partion"], 'Did you mean "cap-partition"?'),
        (["no/such/file.json"], "There is neither a scenario nor a file"),
        (["{tmp}"], "cannot be read"),
        (["{tiny}", "--variant", "dwon"], 'Did you mean "down"?'),
        (["{tiny}", "--seed", "-4"], "--seed must be between 0 and"),
        (["{tiny}", "--set", "nodes.s.params.concurency=1"], 'Did you mean "concurrency"?'),
        (["{tiny}", "--set", "duration_ms=-5"], "duration_ms: Must be more than 0"),
        (["{tiny}", "--set", "nonsense"], "A setting is PATH=VALUE"),
        (["{tiny}", "--trace", "{tmp}"], "The trace cannot be written"),
        (["{deep}"], "nested more than 64 deep"),
        (["{huge}"], "the limit is 1,000,000"),
        (["{text}"], "not JSON"),
    ],
)
def test_what_is_refused_ends_with_2_and_a_reason(tiny: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    places = {"tiny": tiny, "tmp": tmp_path, "deep": tmp_path / "d", "huge": tmp_path / "h", "text": tmp_path / "t"}
    places["deep"].write_text("[" * 100_000)
    places["huge"].write_text('"' + "x" * 10_000_000 + '"')
    places["text"].write_text("once upon a time")
    status, out, err = simulate(*[argument.format(**places) for argument in arguments])
    assert status == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_as_a_process_without_database_and_the_same_for_every_hash_seed(tiny: Path, tmp_path: Path) -> None:
    outputs = set()
    for number in ("0", "1"):
        env = {
            **os.environ,
            "PYTHONHASHSEED": number,
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3",
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "simulate", str(tiny), "--json"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        outputs.add(done.stdout)
    assert len(outputs) == 1
    refused = subprocess.run(
        [sys.executable, "manage.py", "simulate", "nothing"], cwd=ROOT, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
