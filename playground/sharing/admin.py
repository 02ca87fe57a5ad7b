"""Scenarios and runs, with a link to watch each."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import display

from playground.sharing import library
from playground.sharing.models import Scenario
from simulations.admin import ReadOnlyAdmin
from simulations.models import Run, State

LABELS = {
    State.QUEUED: "info",
    State.RUNNING: "info",
    State.FINISHED: "success",
    State.LIMITED: "warning",
    State.STOPPED: "warning",
    State.FAILED: "danger",
}


@admin.register(Scenario)
class ScenarioAdmin(ExportMixin, ModelAdmin):
    """What is shared never changes; it can be taken down."""

    export_form_class = ExportForm
    list_display = ["title", "slug", "in_gallery", "status", "created", "playback"]
    list_filter = ["in_gallery", "created"]
    search_fields = ["title", "slug"]
    list_select_related = ["viewing__run"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("run"), label=LABELS)
    def status(self, scenario: Scenario) -> Any:
        run = scenario.viewing.run if scenario.viewing else None
        return (run.state, run.get_state_display()) if run else "–"

    @display(description=_("playback"))
    def playback(self, scenario: Scenario) -> str:
        return format_html('<a href="{}">{}</a>', scenario.get_absolute_url(), _("Open"))


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = [
        "short_key",
        "status",
        "reason",
        "size",
        "chunk_count",
        "short_digest",
        "duration",
        "created_at",
        "playback",
    ]
    list_filter = ["state", "queue", "engine_version"]
    search_fields = ["key", "digest"]
    ordering = ["-created_at"]

    @display(description=_("key"))
    def short_key(self, run: Run) -> str:
        return run.key[:12]

    @display(description=_("status"), ordering="state", label=LABELS)
    def status(self, run: Run) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=_("size"), ordering="size_bytes")
    def size(self, run: Run) -> str:
        return filesizeformat(run.size_bytes)

    @display(description=_("digest"))
    def short_digest(self, run: Run) -> str:
        return run.digest[:12] or "–"

    @display(description=_("duration"))
    def duration(self, run: Run) -> str:
        return "–" if run.wall_seconds is None else f"{run.wall_seconds:.2f} s"

    @display(description=_("playback"))
    def playback(self, run: Run) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:run-play", args=[run.pk]), _("Open"))

    def get_urls(self) -> list[URLPattern]:
        play = path("<int:run_id>/play/", self.admin_site.admin_view(self.play), name="run-play")
        return [play, *super().get_urls()]

    def play(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Opens the run under a link, which is made when it has none."""
        if not self.has_view_permission(request):
            raise Http404
        scenario = library.scenario_of(get_object_or_404(Run, pk=run_id))
        if scenario is None:
            raise Http404
        return redirect(scenario)
