"""Close reasons reach the browser: ASGI has a `reason` in `websocket.close`, and Daphne 4.2 leaves it out."""

import sys
from typing import Any


def send_reasons() -> None:
    """Under Daphne, sockets from now on send the reason with the code. Other servers need no help."""
    if "daphne.server" not in sys.modules:  # importing it would choose Twisted's reactor
        return
    from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

    class ReasonedProtocol(WebSocketProtocol):
        close_reason: str | None = None

        def handle_reply(self, message: dict[str, Any]) -> None:
            if message["type"] == "websocket.close":
                self.close_reason = message.get("reason")
            super().handle_reply(message)

        def serverClose(self, code: int | None = None) -> None:
            self.sendClose(code=1000 if code is None else code, reason=self.close_reason)

    WebSocketFactory.protocol = ReasonedProtocol
