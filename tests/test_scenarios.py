"""The gallery: each scenario is sound, teaches something, and its claims hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulations.document import parse
from simulations.document_expand import Names
from simulations.engine.simulation import Limits
from simulations.gallery import CHAPTERS, positions
from simulations.report import record, report

SCENARIOS = Path(__file__).resolve().parent.parent / "simulations" / "scenarios"
SLUGS = sorted(path.stem for path in SCENARIOS.glob("*.json"))
CARD_WIDTH, CARD_HEIGHT = 116, 44


@pytest.mark.parametrize("slug", SLUGS)
def test_every_claim_holds(slug: str) -> None:
    result = report(parse((SCENARIOS / f"{slug}.json").read_text()))
    failing = [claim for claim in result["expect"] if not claim["ok"]]
    assert failing == []
    assert result["expect"]


def test_concurrent_writes_through_one_replica_stay_apart() -> None:
    """Seed 11 once let two of them take one tag, and readers saw both in either order."""
    document = parse((SCENARIOS / "cap-partition.json").read_text())
    assert record(document.physical("cp", 11), Limits()).metrics()["checks.linearizability.violations"] == 0


@pytest.mark.parametrize("slug", SLUGS)
def test_a_scenario_says_what_it_teaches(slug: str) -> None:
    document = parse((SCENARIOS / f"{slug}.json").read_text())
    assert 150 <= len(document.summary.split()) <= 400
    assert document.predict
    assert document.concepts
    assert document.variants


@pytest.mark.parametrize("slug", SLUGS)
def test_cards_do_not_cover_each_other_and_stand_in_their_zones(slug: str) -> None:
    document = parse((SCENARIOS / f"{slug}.json").read_text())
    assert Names(document.nodes).nodes
    zones = {zone.id: zone for zone in document.zones}
    for index, node in enumerate(document.nodes):
        assert node.x is not None
        assert node.y is not None
        for other in document.nodes[index + 1 :]:
            assert other.x is not None
            assert other.y is not None
            assert abs(node.x - other.x) > CARD_WIDTH or abs(node.y - other.y) > CARD_HEIGHT, (node.id, other.id)
        if node.zone is not None:
            zone = zones[node.zone]
            assert zone.x is not None
            assert zone.y is not None
            assert zone.x + CARD_WIDTH / 2 < node.x < zone.x + (zone.width or 0) - CARD_WIDTH / 2
            assert zone.y + CARD_HEIGHT / 2 < node.y < zone.y + (zone.height or 0) - CARD_HEIGHT / 2


def test_each_scenario_has_its_place_in_the_gallery() -> None:
    assert sorted(positions()) == SLUGS
    assert len(positions()) == sum(len(slugs) for slugs in CHAPTERS.values())
