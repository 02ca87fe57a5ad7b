"""The inspector's form: which fields apply, and lists as text."""

from __future__ import annotations

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
TIMES = {"group": "params", "subject": "client", "name": "times", "item": "c"}


def test_a_field_says_when_it_applies_and_keeps_its_value(client: Client) -> None:
    item = {"id": "c", "type": "client", "params": {"times": [0, 12.5], "users": 7}}
    page = client.post("/sandbox/inspector/", {"kind": "node", "item": json.dumps(item)}).content.decode()
    when = '{"param": "arrivals", "values": ["closed"]}'.replace('"', "&quot;")
    assert f'data-field="users" data-group="params" data-when="{when}"' in page
    assert 'data-field="arrivals" data-group="params"\n' in page
    assert 'value="0, 12.5"' in page
    assert 'value="7"' in page


def test_a_list_is_typed_as_text_and_told_as_a_list(client: Client) -> None:
    answer = client.post("/sandbox/inspector/check/", {**TIMES, "value": "5, 2.5"})
    told = json.loads(answer["HX-Trigger"])["fieldchecked"]
    assert (told["ok"], told["value"]) == (True, [5, 2.5])


@pytest.mark.parametrize(("value", "words"), [("5, soon", "When requests come"), ("5, -1", "at least 0")])
def test_a_mistake_in_a_list_is_told_under_the_field(client: Client, value: str, words: str) -> None:
    answer = client.post("/sandbox/inspector/check/", {**TIMES, "value": value})
    assert not json.loads(answer["HX-Trigger"])["fieldchecked"]["ok"]
    assert words in answer.content.decode()


def test_a_cluster_is_asked_which_cables_it_uses(client: Client) -> None:
    item = {"id": "store", "protocol": "register", "members": ["r", "s"], "cables": "drawn"}
    page = client.post("/sandbox/inspector/", {"kind": "cluster", "item": json.dumps(item)}).content.decode()
    assert '<option value="drawn" selected>' in page
    field = {"group": "entry", "subject": "cluster:", "name": "cables", "item": "store"}
    answer = client.post("/sandbox/inspector/check/", {**field, "value": "mesh"})
    told = json.loads(answer["HX-Trigger"])["fieldchecked"]
    assert (told["ok"], told["value"], told["clear"]) == (True, "mesh", False)


def test_a_node_on_a_machine_shows_what_is_said_of_it(client: Client) -> None:
    def page(**more: object) -> str:
        item = {"id": "s", "type": "service", **more}
        return client.post("/sandbox/inspector/", {"kind": "node", "item": json.dumps(item)}).content.decode()

    assert 'data-field="host"' in page()
    assert "machine_cores" not in page()
    assert 'value="6"' in page(host="box", machine_cores=6)
    assert "machine_cost_per_hour" in page(host="box")


@pytest.mark.parametrize(("value", "ok"), [("box-2", True), ("", True), ("Box 2", False), ("b" * 41, False)])
def test_a_machine_has_a_name_like_any_part(client: Client, value: str, ok: bool) -> None:
    asked = {"group": "entry", "subject": "node:", "name": "host", "item": "s", "value": value}
    assert json.loads(client.post("/sandbox/inspector/check/", asked)["HX-Trigger"])["fieldchecked"]["ok"] is ok


def form(client: Client, **parts: object) -> str:
    kind = parts.pop("kind", "node")
    posted = {"kind": kind, **{name: json.dumps(value) for name, value in parts.items()}}
    return client.post("/sandbox/inspector/", posted).content.decode()


def test_several_entries_show_what_they_have_in_common_and_where_they_differ(client: Client) -> None:
    item = {"id": "several:s t", "words": "2 nodes", "type": "service", "params": {"concurrency": 3}}
    page = form(client, item=item, mixed={"names": ["params.queue_max", "params.service_time"]})
    assert 'value="several:s t"' in page
    assert 'name="value" value="3"' in page
    assert 'value="" placeholder="mixed"' in page
    assert '<option value="" selected disabled hidden>mixed</option>' in page
    assert 'data-field="label"' not in page
    assert "A change applies to all of them." in page


def test_entries_of_different_types_share_what_every_entry_has(client: Client) -> None:
    page = form(client, item={"id": "several:s c", "words": "2 nodes", "type": ""}, mixed={"names": []})
    assert "Only what all of them have is shown" in page
    assert 'data-field="count"' in page
    assert 'data-group="params"' not in page


def test_a_part_is_chosen_among_those_there_are(client: Client) -> None:
    item = {"id": "s", "type": "service", "zone": "gone"}
    page = form(client, item=item, choices={"zone": [["", "None"], ["eu", "Europe"]]})
    assert '<option value="eu">Europe</option>' in page
    assert '<option value="gone" selected>gone</option>' in page
    assert 'data-field="zone"' not in form(client, item=item)
    assert form(client, item=item, choices={"zone": ["eu", 7]})
