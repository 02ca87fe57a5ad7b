"""What the README shows works: its node type runs as it stands there, and the links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from tests import worlds

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_node_of_the_readme_runs() -> None:
    source = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "class Coin" in block)
    coin = ModuleType("coin")
    exec(compile(source, "coin.py", "exec"), vars(coin))
    nodes = [worlds.client("c", rate_per_s=200), worlds.node(coin.Coin, "s", share=0.25)]
    story = worlds.run(worlds.world(nodes, [worlds.link("c", "s")]), coin.Coin)
    ended = [op.type for op in story.operations() if op.error != "run ended"]
    assert set(ended) == {"ok", "fail"}
    assert 0.15 < ended.count("ok") / len(ended) < 0.35


def test_files_that_the_readme_names_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
