"""Is the house in order: for supervisors, load balancers and Prometheus."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from playground.sandbox.watch import watches
from simulations import broker
from simulations.models import Run, State

_migrated = False


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """A run asked for now would be computed: broker, migrated database, live worker."""
    parts = {"broker": broker.ping(), "database": database_is_migrated(), "worker": broker.worker_is_alive()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def database_is_migrated() -> bool:
    """Looking for migrations takes 50 ms and they do not go away again, so a yes is kept."""
    global _migrated
    try:
        if _migrated:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        else:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False
    return _migrated


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text format, version 0.0.4."""
    counted = dict(Run.objects.values_list("state").annotate(Count("pk")))
    lines = ["# HELP netsplit_runs Runs by state.", "# TYPE netsplit_runs gauge"]
    lines += [f'netsplit_runs{{state="{state}"}} {counted.get(state, 0)}' for state in State.values]
    lines += ["# HELP netsplit_queue_messages Messages at the broker.", "# TYPE netsplit_queue_messages gauge"]
    for queue in (Run.INTERACTIVE, Run.BATCH):
        length = broker.queue_length(queue)
        if length is not None:
            lines.append(f'netsplit_queue_messages{{queue="{queue}"}} {length}')
    lines += [
        "# HELP netsplit_viewers WebSocket viewers of this process.",
        "# TYPE netsplit_viewers gauge",
        f"netsplit_viewers {watches.viewer_count}",
        "# HELP netsplit_chunks_served_total Chunks sent by this process.",
        "# TYPE netsplit_chunks_served_total counter",
        f"netsplit_chunks_served_total {watches.chunks_served}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def robots(request: HttpRequest) -> HttpResponse:
    """Shared links are unguessable; they shall not become findable either."""
    words = ["User-agent: *", "Disallow: /s/", "Disallow: /embed/", "Disallow: /sandbox/", "Disallow: /api/"]
    return HttpResponse("\n".join(words) + "\n", content_type="text/plain")
