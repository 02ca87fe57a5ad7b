from django.urls import path

from playground.sandbox.consumers import RunConsumer, UnknownAddress

websocket_urlpatterns = [
    path("ws/runs/<str:viewing>/", RunConsumer.as_asgi()),
    path("ws/<path:rest>", UnknownAddress.as_asgi()),
    path("<path:rest>", UnknownAddress.as_asgi()),
    path("", UnknownAddress.as_asgi()),
]
