"""The API gateway: routes, authentication, limits, and one answer out of many (Richardson, "Microservices Patterns",
chapter 8).
"""

from __future__ import annotations

from typing import Any

from simulations.nodes.api_gateway import ApiGateway
from tests.worlds import Entry, Run, client, crash, database, link, node, run, service, world

SERVICES = ("catalogue", "reviews", "payment")
LOAD: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 20}
CLASSES = [{"name": "home", "share": 1, "priority": 0}, {"name": "pay", "share": 1, "priority": 0}]
ROUTES = "home: catalogue, reviews; pay: payment"


def fixed(ms: float) -> Entry:
    return {"kind": "constant", "value_ms": ms}


def shop(faults: Any = (), load: Any = None, away_ms: float = 1, **params: Any) -> Run:
    """A gateway that needs no time, and three services 5 ms away from it that need 20 ms."""
    asking = client("c", **{**LOAD, "classes": CLASSES, **(load or {})})
    gate = node(ApiGateway, "gate", **{"service_time": fixed(0), "routes": ROUTES, **params})
    behind = [service(name, concurrency=10, service_time=fixed(20)) for name in SERVICES]
    links = [link("c", "gate", away_ms), *(link("gate", name, 5) for name in SERVICES)]
    return run(world([asking, gate, *behind], links, (), faults, 3000, 1000))


def of_class(story: Run, name: str) -> list[Any]:
    return [op for op in story.operations() if op.request_class == name]


def test_a_class_goes_to_the_services_of_its_route_and_to_no_other() -> None:
    story = shop()
    home, pay = of_class(story, "home"), of_class(story, "pay")
    assert home
    assert pay
    assert set(story.ends()) == {("ok", "")}
    asked = [len(story.messages("work", dst=name)) for name in SERVICES]
    assert asked == [len(home), len(home), len(pay)]


def test_several_services_are_asked_at_once_or_one_after_another() -> None:
    assert {op.takes_ms for op in of_class(shop(), "home")} == {2 + 30}
    assert {op.takes_ms for op in of_class(shop(calls="sequence"), "home")} == {2 + 30 + 30}
    assert {op.takes_ms for op in of_class(shop([crash("reviews", 0)], calls="race"), "home")} == {2 + 30}


def test_a_caller_far_away_pays_one_round_trip_for_many_services() -> None:
    """The gateway asks them; a page that asked them itself, one by one, would pay three."""
    behind = [service(name, concurrency=10, service_time=fixed(20)) for name in SERVICES]
    page = service("page", concurrency=50, service_time=fixed(0), calls="sequence")
    links = [link("c", "page", 0), *(link("page", name, 100) for name in SERVICES)]
    direct = run(world([client("c", **LOAD), page, *behind], links, (), (), 3000, 1000))
    assert {op.takes_ms for op in direct.operations()} == {3 * 220}
    story = shop(away_ms=100, routes=f"*: {', '.join(SERVICES)}")
    assert {op.takes_ms for op in story.operations()} == {200 + 30}


def test_without_routes_a_class_names_its_service() -> None:
    story = shop(load={"classes": [{"name": "reviews", "share": 1, "priority": 0}]}, routes="")
    assert set(story.ends()) == {("ok", "")}
    assert len(story.messages("work", dst="reviews")) == len(story.operations())


def test_what_no_route_is_meant_for_is_refused() -> None:
    story = shop(routes="home: catalogue")
    assert {op.end for op in of_class(story, "pay")} == {("fail", "no route")}
    assert {op.end for op in of_class(story, "home")} == {("ok", "")}
    unknown = [row for row in story.rows("published") if row[2] == "routes.unknown"]
    assert len(unknown) == len(of_class(story, "pay"))
    rest = shop(routes="home: catalogue; *: payment")
    assert set(rest.ends()) == {("ok", "")}


def test_without_classes_the_beginning_of_a_key_decides() -> None:
    asking = client("c", **LOAD, requests="read-write", keys=10, key_pattern="sequential")
    gate = node(ApiGateway, "gate", routes="k1: first; k: other")
    nodes = [asking, gate, database("first"), database("other")]
    story = run(world(nodes, [link("c", "gate"), link("gate", "first"), link("gate", "other")], (), (), 3000, 500))
    first = [op for op in story.operations() if op.key == "k1"]
    assert len([sent for sent in story.messages(dst="first") if sent.src == "gate"]) == len(first) > 0
    assert len(story.messages(src="gate", dst="other")) == len(story.operations()) - len(first)


def test_instances_of_one_service_take_turns() -> None:
    gate = node(ApiGateway, "gate", routes="*: web")
    nodes = [client("c", **LOAD), gate, *(service(f"web-{n}", service_time=fixed(1)) for n in (1, 2))]
    story = run(world(nodes, [link("c", "gate"), link("gate", "web-1"), link("gate", "web-2")], (), (), 2000, 500))
    shares = [len(story.messages("work", dst=f"web-{n}")) for n in (1, 2)]
    assert abs(shares[0] - shares[1]) <= 1


def test_authentication_takes_workers_and_waiting_for_services_none() -> None:
    story = shop(load={"rate_per_s": 100}, concurrency=1, service_time=fixed(5))
    assert max(value for _, value in story.states("gate", "queue")) == 0
    assert {op.takes_ms for op in of_class(story, "pay")} == {2 + 5 + 30}
    slow = shop(load={"rate_per_s": 100}, concurrency=1, service_time=fixed(15))
    assert max(value for _, value in slow.states("gate", "queue")) > 50


def test_limits_hold_at_the_door() -> None:
    story = shop(load={"rate_per_s": 100}, rate_limit_per_s=30, rate_limit_burst=10)
    served = len([op for op in story.operations() if op.type == "ok"])
    assert 95 <= served <= 100
    assert len(story.messages("work", src="gate")) <= 2 * served
    assert set(shop(load={"rate_per_s": 100}).ends()) == {("ok", "")}


def test_a_service_that_may_be_done_without_is_made_up_for() -> None:
    spared = {"timeout_ms": 100, "fallback": "default", "fallback_for": "reviews"}
    assert {op.end for op in of_class(shop([crash("reviews", 0)], **spared), "home")} == {("ok", "")}
    assert {op.end for op in of_class(shop([crash("catalogue", 0)], **spared), "home")} == {("fail", "timed out")}
    assert {op.end for op in of_class(shop([crash("reviews", 0)], timeout_ms=100), "home")} == {("fail", "timed out")}


def test_doubts() -> None:
    def doubts(**params: Any) -> list[str]:
        complete = node(ApiGateway, "g", **params)["params"]
        return [name for name, _ in ApiGateway.doubts(complete, frozenset({"web-1", "web-2", "payment"}))]

    assert doubts(routes="pay: payment; *: web") == []
    assert doubts(routes="pay: payments") == ["routes"]
    assert doubts(routes="pay") == ["routes"]
