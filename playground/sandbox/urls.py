from django.urls import path

from playground.sandbox import inspector, parts, views

urlpatterns = [
    path("sandbox/", views.new, name="sandbox"),
    path("sandbox/inspector/", inspector.inspect, name="inspector"),
    path("sandbox/inspector/check/", inspector.check, name="inspector-check"),
    path("parts/", parts.parts, name="parts"),
    path("sandbox/<uuid:draft_id>/", views.draft, name="draft"),
]
