"""What a tab costs the machine: its main thread's time and its process's memory."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page


class Busy:
    """The tab's main thread, by its own clock: what others do on this machine does not count."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.ms: dict[str, float] = {}

    def __enter__(self) -> Busy:
        self.ms = self.now()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ms = {name: value - self.ms[name] for name, value in self.now().items()}

    def now(self) -> dict[str, float]:
        rows = self.session.send("Performance.getMetrics")["metrics"]
        return {row["name"]: row["value"] * 1000 for row in rows}


def renderers(browser: Browser) -> list[int]:
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return [int(row["id"]) for row in found if row["type"] == "renderer"]


def resident_mb(pid: int) -> float:
    """Resident memory of a process; 0 where the machine does not tell."""
    try:
        row = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmRSS"))
    except (OSError, StopIteration):
        return 0.0
    return int(row.split()[1]) * 1024 / 1e6
