"""HTTP and WebSocket entrance, served by Daphne."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  (needs the application registry)

from playground.closing import send_reasons  # noqa: E402
from playground.guards import BodyLimit, SameOrigin  # noqa: E402
from playground.sandbox.routing import websocket_urlpatterns  # noqa: E402

send_reasons()
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application),
        "websocket": SameOrigin(URLRouter(websocket_urlpatterns)),
    }
)
