"""Putting documents under links, and keeping their runs ready to play."""

import uuid
from pathlib import Path
from typing import Any

from django.db import transaction

from playground.sharing.models import Scenario
from simulations import runs
from simulations.document import Document, parse
from simulations.gallery import FOLDER, files, positions
from simulations.models import Run, State, Viewing
from simulations.report import variants_named

LAST = 1_000_000  # the place of a scenario that no chapter names


def share(
    document: Document, viewing: Viewing | None, owner: uuid.UUID, branches: dict[str, Any] | None = None
) -> Scenario:
    """A link to `document` and to the run that was watched, if it is one of this document; else to its base run.

    Raises TooManyRuns.
    """
    with transaction.atomic():
        if viewing is not None and runs.shows(viewing, document):
            shared = runs.view(viewing.run, document, viewing.variant, viewing.seed)
        else:
            shared = runs.request_run(document, None, None, owner)
            shared.owner = None  # the link's from now on: nobody's Stop ends it
            shared.save(update_fields=["owner"])
        return Scenario.objects.create(
            document=shared.document, viewing=shared, branches=branches, title=document.title[:200], owner=owner
        )


def watched(scenario: Scenario) -> Viewing | None:
    """The viewing to open a scenario with; a run that had been stopped is asked for again."""
    viewing = scenario.viewing
    if viewing is not None and not viewing.run.is_complete:
        runs.resume(viewing)
    return viewing


# --- the gallery ----------------------------------------------------------------------------------------------------
def load_gallery(folder: Path = FOLDER) -> dict[str, str]:
    """Bring the gallery in line with the files; what happened to each slug. Quick when nothing changed.

    Runs are put in the queue without the broker's help (the sweeper sends them), so this works before it is up.
    """
    changes: dict[str, str] = {}
    known = {scenario.slug: scenario for scenario in Scenario.objects.gallery().select_related("viewing__run")}
    for path in files(folder):
        document = parse(path.read_bytes())
        changes[path.stem] = place(path.stem, document, known.pop(path.stem, None))
    for slug, scenario in known.items():
        scenario.delete()
        changes[slug] = "removed"
    return changes


def place(slug: str, document: Document, known: Scenario | None) -> str:
    order = positions().get(slug, LAST)
    key = runs.run_key(document.physical(), runs.limits())
    saved = runs.save_document(document)
    up_to_date = known is not None and known.viewing is not None and known.viewing.run.key == key
    if up_to_date and known is not None and known.document_id == saved.pk and known.position == order:
        return "unchanged"
    with transaction.atomic():
        if known is not None:
            withdraw(known)
        viewing = runs.request_run(document, None, None, None, queue=Run.BATCH, send_now=False)
        Scenario.objects.update_or_create(
            slug=slug,
            defaults={
                "document": viewing.document,
                "viewing": viewing,
                "title": document.title[:200],
                "in_gallery": True,
                "position": order,
            },
        )
        for variant in variants_named(document):  # what its claims compare
            runs.request_run(document, variant, None, None, queue=Run.BATCH, send_now=False)
        if known is not None and known.viewing is not None:
            release(known.viewing)
    return "updated" if known is not None else "added"


def withdraw(known: Scenario) -> None:
    """Let go of runs of variants that were asked for when the file or the engine was another, and have not begun."""
    asked = Viewing.objects.filter(document=known.document, owner=None, scenario=None)
    for viewing in asked.filter(run__queue=Run.BATCH, run__state=State.QUEUED):
        release(viewing)


def release(viewing: Viewing) -> None:
    runs.stop(viewing)
    viewing.delete()


def scenario_of(run: Run) -> Scenario | None:
    """A scenario that plays this run: one there is, or a new link to the document it was last asked for with."""
    known = Scenario.objects.filter(viewing__run=run).first()
    last = run.viewings.select_related("document").order_by("-created_at").first()
    if known is not None or last is None:
        return known
    shared = Viewing.objects.create(document=last.document, variant=last.variant, seed=last.seed, run=run)
    return Scenario.objects.create(document=last.document, viewing=shared, title=str(last.document)[:200])
