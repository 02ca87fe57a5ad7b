"""What a run proves: its metrics and checks, and the document's claims, judged by a worker and kept.

A claim may compare variants. Whichever of them have been computed under the same seed are taken in; a claim about
another one says that it needs that run.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog

from simulations import broker, chunks
from simulations.document import Document, canonical_bytes, validate
from simulations.keys import limits, run_key
from simulations.models import COMPLETE, ChunkRow, Run, Verdict, Viewing
from simulations.report import BASE, Recording, judge, variants_named

log = structlog.get_logger(__name__)

ASK_AGAIN_SECONDS: Final = 20
HERE: Final = Path(__file__).resolve().parent


class NotComplete(Exception):
    """There is nothing to judge yet, or there never will be."""


class Damaged(Exception):
    """A chunk is gone of a run that is to be judged."""

    def __init__(self, run_id: int) -> None:
        super().__init__(run_id)
        self.run_id = run_id


def verdict(viewing: Viewing) -> dict[str, Any] | None:
    """The kept verdict; None when there is none yet, and then a worker is asked for it. Raises NotComplete.

    While runs of more variants come in, the one that knew fewer of them is given, marked `partial`.
    """
    if not viewing.run.is_complete:
        raise NotComplete
    key = key_of(viewing, subjects(viewing))
    kept = Verdict.objects.filter(key=key).first()
    if kept is not None:
        data: dict[str, Any] = kept.data
        return data
    if broker.first_to_ask(f"judging:{key}", ASK_AGAIN_SECONDS):
        ask_worker(viewing)
    earlier = Verdict.objects.filter(stem=stem_of(viewing)).order_by("-pk").first()
    return earlier.data | {"partial": True} if earlier is not None else None


def ask_worker(viewing: Viewing) -> None:
    from simulations.tasks import judge as task

    try:
        task.apply_async((viewing.pk,), queue=Run.INTERACTIVE, priority=0)
    except Exception as error:
        log.warning("verdict_not_asked", viewing=viewing.pk, error=str(error))


def judge_viewing(viewing_id: str) -> None:
    """Decode the traces, judge, keep. Does nothing when it is done already. Raises Damaged."""
    viewing = Viewing.objects.select_related("run", "document").filter(pk=viewing_id).first()
    if viewing is None or not viewing.run.is_complete:
        return
    found = subjects(viewing)
    key = key_of(viewing, found)
    if Verdict.objects.filter(key=key).exists():
        return
    try:
        recordings = {name: recording_of(run) for name, run in found.items()}
    except Damaged:
        broker.forget_asking(f"judging:{key}")  # it is worth asking again as soon as that run is whole
        raise
    data = judge(validate(viewing.document.data), recordings, viewing.variant or BASE)
    Verdict.objects.get_or_create(key=key, defaults={"run": viewing.run, "stem": stem_of(viewing), "data": data})


def subjects(viewing: Viewing) -> dict[str, Run]:
    """The runs that a verdict speaks of, by variant, the watched one first."""
    own = viewing.variant or BASE
    found = {own: viewing.run}
    document = validate(viewing.document.data)
    others = [name for name in (BASE, *variants_named(document)) if name != own] if document.expect else []
    if others:
        keys = {name: run_key(physical_of(document, name, viewing.seed), limits()) for name in others}
        complete = {run.key: run for run in Run.objects.filter(key__in=keys.values(), state__in=COMPLETE)}
        found |= {name: complete[key] for name, key in keys.items() if key in complete}
    return found


def physical_of(document: Document, name: str, seed: int | None) -> dict[str, Any]:
    return document.physical(None if name == BASE else name, seed)


def recording_of(run: Run) -> Recording:
    """Raises Damaged."""
    addresses = ChunkRow.objects.filter(run=run).order_by("number").values_list("sha256", flat=True)
    try:
        found = (chunks.get(address) for address in addresses)
        return Recording.from_chunks(found, run.state, run.digest, run.physical)
    except chunks.ChunkMissing:
        raise Damaged(run.pk) from None


def key_of(viewing: Viewing, found: dict[str, Run]) -> str:
    return _digest({"stem": stem_of(viewing), "runs": {name: run.key for name, run in found.items()}})


def stem_of(viewing: Viewing) -> str:
    """What verdicts on one run of one document have in common, whichever other runs they compare it with."""
    return _digest(
        {
            "document": viewing.document_id,
            "variant": viewing.variant or BASE,
            "run": viewing.run.key,
            "judges": judges_version(),
        }
    )


def _digest(subject: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_bytes(subject)).hexdigest()


@cache
def judges_version() -> str:
    """Changes with the code that judges, so that a verdict by older code is not served for newer."""
    digest = hashlib.sha256()
    used = ("causality", "histogram", "log")
    engine = [*sorted((HERE / "engine").glob("metrics*.py")), *(HERE / "engine" / f"{name}.py" for name in used)]
    for path in [
        *sorted((HERE / "checks").glob("*.py")),
        *engine,
        *sorted(HERE.glob("report*.py")),
        HERE / "prices.py",
    ]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
