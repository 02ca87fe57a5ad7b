"""Viewings, for whoever keeps the house. Made by the playground, so nothing is added or changed here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from simulations.models import Viewing


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Viewing)
class ViewingAdmin(ReadOnlyAdmin):
    list_display = ["short_id", "document", "variant", "run", "created_at", "detached_at"]
    list_select_related = ["document", "run"]
    ordering = ["-created_at"]

    @display(description=_("viewing"))
    def short_id(self, viewing: Viewing) -> str:
        return viewing.id[:8]
