"""`manage.py check-history`: three notations, four exit statuses, and no input that it stumbles over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulations.checks.models import MODELS

Output = pytest.CaptureFixture[str]


def check(tmp_path: Path, text: str | bytes, model: str, *options: str) -> int:
    """The exit status of the command for a history."""
    path = tmp_path / "history"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SystemExit) as ended:
        call_command("check-history", str(path), "--model", model, *options)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def lines(*rows: tuple[Any, str, str, Any], key: Any = None, time: bool = False) -> str:
    """JSON lines of (process, type, f, value)."""
    return "\n".join(
        json.dumps(
            {"process": process, "type": kind, "f": f, "value": value}
            | ({} if key is None else {"key": key})
            | ({"time": 1_500_000 * number} if time else {})
        )
        for number, (process, kind, f, value) in enumerate(rows)
    )


STALE = [
    (0, "invoke", "write", 1),
    (0, "ok", "write", 1),
    (1, "invoke", "write", 2),
    (1, "ok", "write", 2),
    (2, "invoke", "read", None),
    (2, "ok", "read", 1),
]


def test_a_stale_read_is_told_with_times(tmp_path: Path, capsys: Output) -> None:
    assert check(tmp_path, lines(*STALE, key="x", time=True), "register") == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == (
        "NOT LINEARIZABLE. process 2: read x → 1 (6–7.5 ms), but process 1 had replaced that: write x = 2 (3–4.5 ms)."
    )
    assert [line.strip() for line in out[1:]] == [
        "0–1.5 ms  process 0: write x = 1",
        "3–4.5 ms  process 1: write x = 2",
        "6–7.5 ms  process 2: read x → 1",
    ]


def test_json_output_has_the_same(tmp_path: Path, capsys: Output) -> None:
    assert check(tmp_path, lines(*STALE), "cas-register", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["verdict", "explanation", "evidence", "operations", "keys", "configurations"]
    assert (told["verdict"], told["operations"], told["keys"]) == ("fail", 3, 1)
    assert told["evidence"][2] == {"process": 2, "f": "read", "text": "read → 1", "from": "line 5", "until": "line 6"}
    assert check(tmp_path, lines(*STALE[:-1], (2, "ok", "read", 2)), "register", "--json") == 0
    assert json.loads(capsys.readouterr().out)["evidence"] == []


def test_events_with_times_count_in_the_order_of_times(tmp_path: Path) -> None:
    rows = lines(*STALE, time=True).splitlines()
    assert check(tmp_path, "\n".join(reversed(rows)), "register") == 1


def test_what_failed_had_no_effect_and_what_timed_out_may_have_one_later(tmp_path: Path) -> None:
    read = [(1, "invoke", "read", None), (1, "ok", "read", 3)]
    assert check(tmp_path, lines((0, "invoke", "write", 3), (0, "fail", "write", 3), *read), "register") == 1
    assert check(tmp_path, lines((0, "invoke", "write", 3), (0, "info", "write", 3), *read), "register") == 0
    assert check(tmp_path, lines((0, "invoke", "write", 3), *read), "register") == 0
    again = [(0, "invoke", "write", 3), (0, "info", "write", None), (0, "invoke", "write", 4), (0, "ok", "write", 4)]
    assert check(tmp_path, lines(*again, *read), "register") == 0


EDN = """; a history of a register that several processes compare and set
[{:process 0, :type :invoke, :f :write, :value 1, :time 1000000, :index 0}
 {:process :nemesis, :type :info, :f :start, :value nil, :time 1100000, :index 1}
 #jepsen.history.Op{:index 2, :time 2000000, :type :ok, :process 0, :f :write, :value 1}
 {:process 1, :type :invoke, :f :cas, :value [1 2], :time 3000000, :index 3}
 {:process 1, :type :%s, :f :cas, :value [1 2], :time 4000000, :index 4}
 {:process 2, :type :invoke, :f :read, :value nil, :time 5000000, :index 5}
 {:process 2, :type :ok, :f :read, :value %s, :time 6000000, :index 6}]"""


@pytest.mark.parametrize(("kind", "value", "status"), [("ok", 2, 0), ("ok", 1, 1), ("fail", 1, 0), ("info", 1, 0)])
def test_edn_as_jepsen_writes_it(tmp_path: Path, kind: str, value: int, status: int) -> None:
    text = EDN % (kind, value)
    assert check(tmp_path, text, "cas-register") == status
    assert check(tmp_path, text.replace("[{", "{", 1).removesuffix("]"), "cas-register") == status
    assert check(tmp_path, text, "cas-register", "--format", "edn") == status


def test_independent_keys_are_told_apart(tmp_path: Path, capsys: Output) -> None:
    rows = [(0, "w", "[:x 1]"), (1, "w", "[:y 2]"), (2, "r", "[:x nil] [:x 1]"), (2, "r", "[:y nil] [:y 2]")]
    text = ""
    for process, f, values in rows:
        asked, _, told = values.partition("] [")
        asked, told = (asked + "]", "[" + told) if told else (values, values)
        name = {"w": ":write", "r": ":read"}[f]
        text += f"{{:process {process} :type :invoke :f {name} :value {asked}}}\n"
        text += f"{{:process {process} :type :ok :f {name} :value {told}}}\n"
    assert check(tmp_path, text, "register", "--json") == 0
    assert json.loads(capsys.readouterr().out)["keys"] == 2
    assert (
        check(
            tmp_path, text.replace(":type :ok :f :read :value [:y 2]", ":type :ok :f :read :value [:y 1]"), "register"
        )
        == 1
    )


def log(*rows: tuple[int, str, str, str]) -> str:
    head = ["INFO  jepsen.core - Worker 3 starting", "WARN  jepsen.util - something else\tentirely"]
    return "\n".join(
        [*head, *(f"INFO  jepsen.util - {process}\t:{kind}\t:{f}\t{value}" for process, kind, f, value in rows)]
    )


def test_log_lines_with_crashed_processes_and_refused_cas(tmp_path: Path) -> None:
    begun = [(0, "invoke", "write", "1"), (0, "ok", "write", "1"), (3, "invoke", "cas", "[0 1]")]
    refused = [*begun, (3, "fail", "cas", "[0 1]")]
    assert check(tmp_path, log(*refused), "cas-register") == 0
    wrong = [*begun[:2], (3, "invoke", "cas", "[1 2]"), (3, "fail", "cas", "[1 2]")]
    assert check(tmp_path, log(*wrong), "cas-register") == 1
    assert check(tmp_path, log(*wrong), "cas-register", "--failed-cas", "ignored") == 0
    crashed = [(0, "invoke", "write", "4"), (0, "info", "write", ":timed-out"), (5, "invoke", "read", "nil")]
    assert check(tmp_path, log(*crashed, (5, "ok", "read", "4")), "cas-register") == 0
    assert check(tmp_path, log(*crashed, (5, "fail", "read", ":timed-out")), "cas-register") == 0
    assert check(tmp_path, log(*crashed, (5, "ok", "read", "3")), "cas-register") == 1


def test_transactions_locks_queues_and_texts(tmp_path: Path) -> None:
    txn = "{:process 0 :type :%s :f :txn :value [[:w :x 1] [:r :y %s]]}\n"
    assert check(tmp_path, txn % ("invoke", "nil") + txn % ("ok", "nil"), "multi-register") == 0
    wrong = txn % ("invoke", "nil") + txn % ("ok", "7")
    assert check(tmp_path, wrong, "multi-register") == 1
    assert check(tmp_path, wrong, "multi-register", "--initial", "{:y 7}") == 0
    appended = [(0, "invoke", "txn", [["append", "x", 1], ["r", "x", None]])]
    appended += [(0, "ok", "txn", [["append", "x", 1], ["r", "x", [1]]])]
    assert check(tmp_path, lines(*appended), "list-append") == 0
    held = [(0, "invoke", "acquire", None), (0, "ok", "acquire", None), (1, "invoke", "release", None)]
    assert check(tmp_path, lines(*held, (1, "ok", "release", None)), "lock") == 1
    assert check(tmp_path, lines(*held, (1, "fail", "release", None)), "lock") == 0
    queued = [(0, "invoke", "enqueue", 5), (0, "ok", "enqueue", 5), (1, "invoke", "dequeue", None)]
    assert check(tmp_path, lines(*queued, (1, "ok", "dequeue", 5)), "queue") == 0
    assert check(tmp_path, lines(*queued, (1, "ok", "dequeue", None)), "queue") == 1
    change = '{:process 2, :type :%s, :f :%s, :key "8", :value "x"}\n'
    get = '{:process 2, :type :%s, :f :get, :key "8", :value %s}\n'
    kept = "".join(change % (kind, f) for f in ("put", "append") for kind in ("invoke", "ok")) + get % ("invoke", "nil")
    assert check(tmp_path, kept + get % ("ok", '"xx"'), "kv") == 0
    assert check(tmp_path, kept + get % ("ok", '"x"'), "kv") == 1


def test_a_limit_that_is_reached_ends_in_unknown(tmp_path: Path, capsys: Output) -> None:
    kinds = ("invoke", "ok")
    rows = [(number, kind, "cas", [number % 3, number // 2 % 3]) for kind in kinds for number in range(9)]
    assert check(tmp_path, lines(*rows), "cas-register", "--initial", "0", "--limit", "3") == 3
    assert capsys.readouterr().out.startswith("UNKNOWN. The search reached its limit of 3 configurations")


@pytest.mark.parametrize(
    ("text", "model", "message"),
    [
        ("", "register", "The file holds no operation."),
        ("hello", "register", "This is neither JSON lines, EDN nor a Jepsen log."),
        ('{"process": 0', "register", "Line 1: This is no JSON"),
        ('{"process": 0, "type": "invoke", "f": "read"}\n[]', "register", "Line 2: An operation's event is an object."),
        (
            '{"process": 0, "type": "done", "f": "read"}',
            "register",
            'Line 1: Its "type" must be invoke, ok, fail or info.',
        ),
        ('{"type": "invoke", "f": "read"}', "register", 'Line 1: It has no "process".'),
        ('{"process": 0, "type": "invoke", "f": 7}', "register", 'Line 1: Its "f" must name a function'),
        ('{"process": 0, "type": "invoke", "f": "cas", "value": 1}', "register", "Line 1: A register knows no 'cas'."),
        ('{"process": 0, "type": "invoke", "f": "cas", "value": 1}', "cas-register", "Line 1: cas needs two values"),
        ('{"process": 0, "type": "ok", "f": "read"}', "register", "Line 1: Process 0 has no operation"),
        ('{"process": 0, "type": "invoke", "f": "read", "time": "now"}', "register", 'Line 1: Its "time" must be'),
        (lines((0, "invoke", "read", 1), (0, "invoke", "read", 1)), "register", "Line 2: Process 0 invokes again"),
        (lines((0, "invoke", "read", 1), (0, "ok", "write", 1)), "register", "Line 2: write comes back, but line 1"),
        (lines((0, "invoke", "add", "x")), "counter", "Line 1: add needs a number. Got 'x'."),
        (lines((0, "invoke", "txn", [1])), "multi-register", "Line 1: A transaction is a list of [function key value]"),
        ('{"process": 0, "type": "invoke", "f": "w", "value": NaN}', "register", "Line 1: This is no JSON: NaN"),
        ('{"process": 0, "type": "invoke", "f": "w", "value": ' + "[" * 99_999, "register", "Line 1: "),
        ("[{:process 0", "register", "Line 1: This is no EDN."),
        (b"\n\xff\xfe", "register", "Line 2: This is no UTF-8 text."),
    ],
)
def test_refuses_with_the_line_and_what_would_be_right(
    tmp_path: Path, capsys: Output, text: str | bytes, model: str, message: str
) -> None:
    assert check(tmp_path, text, model) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_refuses_options_that_do_not_fit(tmp_path: Path, capsys: Output) -> None:
    assert check(tmp_path, lines(*STALE), "register", "--limit", "0") == 2
    assert check(tmp_path, lines(*STALE), "lock", "--initial", "3") == 2
    assert check(tmp_path, lines(*STALE), "set", "--initial", "[") == 2
    assert "--initial" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        call_command("check-history", str(tmp_path / "absent"), "--model", "register")
    assert ended.value.code == 2


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.sampled_from(["x", "y", "r", "w", "append"])
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "process": st.integers(0, 2),
            "type": st.sampled_from(["invoke", "invoke", "ok", "ok", "fail", "info"]),
            "f": st.sampled_from(sorted({name for model in MODELS.values() for name in model.ALIASES})),
            "value": VALUES,
        },
        optional={"key": VALUES, "time": st.integers(0, 9)},
    ),
    max_size=8,
)


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(model=st.sampled_from(list(MODELS)), events=EVENTS)
def test_any_events_are_judged_or_refused(tmp_path: Path, model: str, events: list[dict[str, Any]]) -> None:
    assert check(tmp_path, "\n".join(json.dumps(event) for event in events), model) in (0, 1, 2, 3)


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(model=st.sampled_from(list(MODELS)), cut=st.integers(0, 600), put=st.text(max_size=6), where=st.integers(0, 600))
def test_damaged_files_are_judged_or_refused(tmp_path: Path, model: str, cut: int, put: str, where: int) -> None:
    whole = EDN % ("ok", 2)
    text = whole[:where] + put + whole[where + cut % 9 :]
    assert check(tmp_path, text.encode("utf-8", "surrogatepass"), model) in (0, 1, 2, 3)
