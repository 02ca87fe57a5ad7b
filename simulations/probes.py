"""Looking into a node as a run goes by: a worker runs it once more with an onlooker; the answer is kept for a while.

The stored trace stays lean, and a web process computes nothing.
"""

import hashlib
import json
from typing import Any, Final

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from simulations import broker
from simulations.activations import SECONDS_MAX, look_at
from simulations.catalogue import node_types
from simulations.computing import without_garbage_collection
from simulations.document import canonical_bytes
from simulations.engine.simulation import Limits
from simulations.keys import version_for
from simulations.models import Run, Viewing

log = structlog.get_logger(__name__)

PROBE_SECONDS_MAX: Final = int(SECONDS_MAX) + 10
KEPT_SECONDS: Final = 600


class UnknownNode(Exception):
    """The run has no such node."""


class OtherVersion(Exception):
    """The node types have changed since the run was made: it cannot be run again as it was."""


def probe(viewing: Viewing, node: str, from_ns: int, at_ns: int, asker: str) -> dict[str, Any] | None:
    """What a node did about a moment; None when a worker has yet to tell. Raises UnknownNode, OtherVersion.

    One at a time for each who asks: another question waits until the one before it is answered.
    """
    run = viewing.run
    if node not in {entry["id"] for entry in run.physical["nodes"]}:
        raise UnknownNode(node)
    if version_for(run.physical) != run.engine_version:
        raise OtherVersion
    found = broker.kept(key_of(run, node, from_ns, at_ns))
    if found is not None:
        answer: dict[str, Any] = json.loads(found)
        return answer
    if broker.first_to_ask(f"probing:{asker}", PROBE_SECONDS_MAX):
        ask_worker(viewing, node, from_ns, at_ns, asker)
    return None


def ask_worker(viewing: Viewing, node: str, from_ns: int, at_ns: int, asker: str) -> None:
    from simulations.tasks import probe as task

    try:
        task.apply_async((viewing.pk, node, from_ns, at_ns, asker), queue=Run.INTERACTIVE, expires=PROBE_SECONDS_MAX)
    except Exception as error:
        log.warning("probe_not_asked", viewing=viewing.pk, error=str(error))


def probe_run(viewing_id: str, node: str, from_ns: int, at_ns: int, asker: str) -> None:
    """Run once more, look, keep what was seen."""
    try:
        viewing = Viewing.objects.select_related("run").filter(pk=viewing_id).first()
        if viewing is None or version_for(viewing.run.physical) != viewing.run.engine_version:
            return
        run = viewing.run
        with without_garbage_collection():
            found = look_at(run.physical, node_types(), Limits(**run.limits), node, from_ns, at_ns)
        broker.keep(key_of(run, node, from_ns, at_ns), json.dumps(found).encode(), KEPT_SECONDS)
    except SoftTimeLimitExceeded:
        log.warning("probe_too_long", viewing=viewing_id, node=node)
    finally:
        broker.forget_asking(f"probing:{asker}")


def key_of(run: Run, node: str, from_ns: int, at_ns: int) -> str:
    subject = {"run": run.key, "node": node, "from": from_ns, "at": at_ns}
    return f"probe:{hashlib.sha256(canonical_bytes(subject)).hexdigest()}"
