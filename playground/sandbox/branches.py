"""Branches of an experiment: as the editor keeps them with a draft, and as a link carries them."""

import copy
import json
from typing import Any, Final, Literal

import jsonpatch
import jsonpointer
from ninja import Field, Schema

from playground.sandbox.documents import document_of, refused
from simulations.document import DocumentError, Mistake, refuse_unprintable

BRANCHES_MAX: Final = 24
BRANCHES_BYTES_MAX: Final = 500_000
MAIN: Final = "main"
BRANCH_ID: Final = r"^[\w-]{1,40}$"


class Change(Schema):
    """One operation of a JSON Patch (RFC 6902). What copies is left out: it could make much of little."""

    op: Literal["add", "remove", "replace"]
    path: str = Field(max_length=1000)
    value: Any = None


class Branch(Schema):
    """`patch` leads from the document of the current branch to this one's, `ran` from there to the one that was run."""

    id: str = Field(pattern=BRANCH_ID)
    parent: str | None = Field(None, max_length=40)
    at_ms: float = Field(0, ge=0, allow_inf_nan=False)
    name: str = Field(max_length=120)
    viewing: str | None = Field(None, max_length=32)
    variant: str | None = Field(None, max_length=80)
    verdict: Literal["pass", "fail", "unknown"] | None = None
    kept: bool = False
    patch: list[Change]
    ran: list[Change] | None = None


class Branches(Schema):
    current: str = Field(pattern=BRANCH_ID)
    entries: list[Branch] = Field(min_length=1, max_length=BRANCHES_MAX)


def kept(branches: Branches | None) -> dict[str, Any] | None:
    """As they are stored with a draft. Raises DocumentError."""
    if branches is None:
        return None
    for branch in branches.entries:
        changes = [*branch.patch, *(branch.ran or [])]
        refuse_unprintable([branch.name, branch.variant, [change.path for change in changes]])
        for change in changes:
            refuse_unprintable(change.value)
    return within_limit(branches.model_dump())


def carried(branches: Branches | None, document: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any] | None:
    """As a link carries them: each with its whole document, valid and ready to be run; `shown` is the link's own.

    Raises DocumentError with the branch in its path.
    """
    if branches is None or len(branches.entries) == 1:
        return None
    refuse_other_trees(branches)
    entries = []
    for branch in branches.entries:
        entry = {"id": branch.id, "parent": branch.parent, "at_ms": branch.at_ms, "name": branch.name, "kept": True}
        refuse_unprintable(branch.name)
        whole = shown if branch.id == branches.current else checked(document, branch)
        entries.append({**entry, "document": whole})
    return within_limit({"current": branches.current, "entries": entries})


def checked(document: dict[str, Any], branch: Branch) -> dict[str, Any]:
    place = f"branches.{branch.id}"
    try:
        whole: dict[str, Any] = document_of(patched(document, branch.patch)).data()
    except DocumentError as error:
        words = [Mistake(f"{place}.{mistake.path}".rstrip("."), mistake.message) for mistake in error.mistakes]
        raise DocumentError(words) from None
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError):
        raise refused(f"{place}.patch", "Does not fit the document.") from None
    return whole


def patched(document: dict[str, Any], changes: list[Change]) -> Any:
    operations = [change.model_dump() for change in changes]
    return jsonpatch.JsonPatch(operations).apply(copy.deepcopy(document), in_place=True)


def refuse_other_trees(branches: Branches) -> None:
    parents = {branch.id: branch.parent for branch in branches.entries}
    if len(parents) < len(branches.entries) or parents.get(MAIN, "") is not None or branches.current not in parents:
        raise refused("branches", f'Each id once, "{MAIN}" as the root, and the current branch among them.')
    for place in parents:
        at: str | None = place
        for _step in parents:
            at = parents.get(at) if at in parents and at != MAIN else at
        if at != MAIN:
            raise refused("branches", f"{place} does not come from {MAIN}.")


def within_limit(stored: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(stored))
    if size > BRANCHES_BYTES_MAX:
        raise refused("branches", f"The branches have {size:,} bytes; the limit is {BRANCHES_BYTES_MAX:,}. Keep fewer.")
    return stored
