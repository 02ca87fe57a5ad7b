"""Where the playground listens, and what to say when it cannot."""

from __future__ import annotations

import contextlib
import os
import socket

from house import Trouble


def address() -> tuple[str, int]:
    return os.environ.get("HOST") or "127.0.0.1", port_number(os.environ.get("PORT") or "8000")


def port_number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise Trouble(f"PORT={text} is not a port number (1 to 65535)")


def shown_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def check_port(host: str, port: int) -> None:
    """Raises Trouble when Daphne could not listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise Trouble(f"port {port} needs more rights than you have. Choose another: make run PORT=8000") from error
        except OSError as error:
            if free_port(family, host) is None:
                raise Trouble(f"HOST={host} is no address of this machine ({error.strerror})") from error
            raise Trouble(f"port {port} is taken. Choose another: make run PORT={free_port(family, host)}") from error


def free_port(family: int, host: str) -> int | None:
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
    return None


def names_of_this_machine(host: str) -> list[str]:
    """Every name under which a browser on the same network may ask for this machine."""
    names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname(), f"{socket.gethostname()}.local"]
    if host not in ("0.0.0.0", "::"):
        names.append(shown_host(host))
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Connecting a datagram socket sends nothing; it only chooses the address that would be used.
        probe.connect(("192.0.2.1", 9))
        names.append(probe.getsockname()[0])
    return names
