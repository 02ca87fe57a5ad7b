from django.contrib import admin
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

from playground import health
from playground.api import api

handler400 = "playground.errors.bad_request"
handler403 = "playground.errors.permission_denied"
handler404 = "playground.errors.page_not_found"
handler500 = "playground.errors.server_error"


def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(staticfiles_storage.url("img/favicon.svg"), permanent=False)


urlpatterns = [
    path("", include("playground.sharing.urls")),
    path("", include("playground.sandbox.urls")),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="javascript-catalog"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("robots.txt", health.robots),
    path("favicon.ico", favicon),
]
