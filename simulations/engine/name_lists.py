"""Names of nodes in a text: how they are listed there, and what is said of those that nobody has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

NEAR_MAX: Final = 5  # names in a doubt

# Whose names a parameter holds, as it is declared.
MEMBERS: Final = "members"  # of the cluster; outside of one, nodes of the same type
NODE: Final = "node"  # one, any
ADDRESSES: Final = "addresses"  # nodes behind names: "www: web-1 web-2; api: shop"


def names_in(text: str) -> list[str]:
    """The names that a text lists, each once, with commas or blanks between."""
    return list(dict.fromkeys(_listed(text)))


def addresses_in(records: str) -> dict[str, list[str]]:
    """The addresses by name, of records with semicolons between."""
    found: dict[str, list[str]] = {}
    for record in records.split(";"):
        name, colon, addresses = record.partition(":")
        if colon:
            found[name.strip()] = names_in(addresses)
    return found


def is_one_of(target: str, name: str) -> bool:
    """Whether a node has this name, or is one of many that share it."""
    head, dash, number = target.rpartition("-")
    return target == name or (bool(dash) and head == name and number.isdecimal())


def near(known: Collection[str]) -> str:
    """Names that would do, in words."""
    names = sorted(known)
    return ", ".join([*names[:NEAR_MAX], *(["…"] if len(names) > NEAR_MAX else [])]) or "none"


def name_doubts(kind: str, text: str, known: Collection[str]) -> list[str]:
    """What is wrong with a text that holds names of the known; `kind` is one of the above."""
    if kind == NODE:
        return [f'There is no node "{text}". Nodes: {near(known)}.'] if text and text not in known else []
    if kind == ADDRESSES:
        addresses = [address for listed in addresses_in(text).values() for address in listed]
        far = [address for address in addresses if address not in known]
        return [f'No node has the address "{far[0]}". Nodes: {near(known)}.'] if far else []
    names = names_in(text)
    strange = [name for name in names if name not in known]
    found = [f'"{name}" is listed twice. It counts once.' for name in names if _listed(text).count(name) > 1][:1]
    if strange:
        counts = "all are taken" if strange == names else "it is left out"
        found.append(f'There is no member "{strange[0]}": {counts}. Members: {near(known)}.')
    return found


def _listed(text: str) -> list[str]:
    return text.replace(",", " ").split()
