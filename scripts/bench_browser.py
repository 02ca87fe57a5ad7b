"""Measures the page in a real Chromium against real processes: `make bench-browser` (ARGS="--json --only scrub").

Each figure is taken as a person would see it: a click, a drag, the page's own frames. Timers of the browser count in
steps of a frame (16.7 ms).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench_documents import Document, crowded, lengthy, million, wide
from bench_meters import Busy, renderers, resident_mb
from bench_scripts import COUNT_FRAMES, DIVERGENCE, PAN, SCRUB
from browser import find_browser
from house import say
from tests.stack import Stack

SEEDS = 20
PAN_FRAMES = 90
PLACES = (0.1, 0.5, 0.9)
WAIT_MS_MAX = 180_000
RUN_MS_MAX = 10_000
FIGURES = "document.getElementById('messages').dataset"


@dataclass
class Figure:
    """One line of the table. `target` is the most it may be, or the least where that is better; None: there is none."""

    what: str
    value: float
    unit: str
    target: float | None = None
    most: bool = True

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        return self.value <= self.target if self.most else self.value >= self.target


class Bench:
    """A browser and the pages it opens."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self.browser = browser
        self.base_url = base_url

    def open(self, document: Document, finished: bool = True) -> Page:
        """A fresh tab with a draft of the document; its run is taken to its end."""
        context = self.browser.new_context(base_url=self.base_url, viewport={"width": 1440, "height": 900})
        context.set_default_timeout(WAIT_MS_MAX)
        context.add_init_script("try { localStorage.setItem('netsplit:tour', 'seen'); } catch {}")
        page = context.new_page()
        page.goto(f"/sandbox/{self.draft(context, document)}/")
        page.locator("#run:not([disabled])").wait_for()
        page.wait_for_timeout(1000)
        if finished:
            page.locator("#run").click()
            page.locator('body[data-run="finished"]').wait_for()
            wait_until(page, f"() => +{FIGURES}.total > 0")
        return page

    def draft(self, context: BrowserContext, document: Document) -> str:
        context.request.get("/sandbox/")
        token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
        answer = context.request.post("/api/drafts", data={"document": document}, headers={"X-CSRFToken": token})
        assert answer.status == 201, answer.text()
        return str(answer.json()["id"])


def wait_until(page: Page, expression: str, ms_max: int = WAIT_MS_MAX) -> None:
    for _ in range(ms_max // 50):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise TimeoutError(expression)


def seek(page: Page, place: float) -> None:
    box = page.locator("#scrub").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * place, box["y"] + box["height"] / 2)


def play(page: Page) -> None:
    if page.locator("#play").get_attribute("aria-label") != "Pause":
        page.locator("#play").click()


def pause(page: Page) -> None:
    if page.locator("#play").get_attribute("aria-label") == "Pause":
        page.locator("#play").click()


def frames(bench: Bench) -> list[Figure]:
    """Script time a frame with 2,000 messages in flight on 200 nodes."""
    page = bench.open(crowded())
    page.locator("#speed").select_option(label="0.05×")
    seek(page, 0.5)
    play(page)
    page.wait_for_timeout(4000)
    samples = []
    flying = []
    for _ in range(20):
        page.wait_for_timeout(150)
        samples.append(float(page.evaluate(f"{FIGURES}.frameMs")))
        flying.append(float(page.evaluate(f"{FIGURES}.messages")))
    with Busy(page) as busy:
        count = page.evaluate(COUNT_FRAMES, 3000)
    everything = busy.ms["ScriptDuration"] / count
    page.context.close()
    return [
        Figure("messages in flight, median", statistics.median(flying), "", 1900, most=False),
        Figure("script a frame: playhead and messages, median", statistics.median(samples), "ms", 4),
        Figure("script a frame: all of the page, mean, thread time", everything, "ms", 4),
    ]


def pan(bench: Bench) -> list[Figure]:
    """Panning a topology of 1,000 nodes: all of it in view, and as it plays at a scale where names can be read."""
    page = bench.open(wide())
    pause(page)
    figures = panned(page, "all in view")
    page.locator(".large-note select").select_option("s100")
    play(page)
    figures += panned(page, "at 50 %, playing")
    page.context.close()
    return figures


def panned(page: Page, how: str) -> list[Figure]:
    with Busy(page) as busy:
        times = page.evaluate(PAN, PAN_FRAMES)
    return [
        Figure(f"pan, 1,000 nodes {how}", rate(times), "frames/s", 30, most=False),
        Figure(f"pan, 1,000 nodes {how}: main thread a frame", busy.ms["TaskDuration"] / PAN_FRAMES, "ms", 33),
    ]


def rate(times: list[float]) -> float:
    """Frames a second by the median frame."""
    return 1000 / statistics.median(b - a for a, b in pairwise(times))


def scrub(bench: Bench) -> list[Figure]:
    """A trace of 1,000,000 messages: the answer to a scrub, and what the tab weighs."""
    page = bench.open(million())
    pause(page)
    took = page.evaluate(SCRUB, [(number * 37 % 89 + 5) / 100 for number in range(40)])
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    page.wait_for_timeout(500)
    session.send("Performance.enable")
    metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    total = float(page.evaluate(f"{FIGURES}.total"))
    resident = max(resident_mb(pid) for pid in renderers(bench.browser))
    page.context.close()
    return [
        Figure("messages in the trace", total, "", 1_000_000, most=False),
        Figure("scrub to its frame, median", statistics.median(took), "ms", 100),
        Figure("scrub to its frame, slowest of 40", max(took), "ms", 100),
        Figure("tab memory, whole process", resident, "MB", 500),
        Figure("of it objects on the script's heap", metrics["JSHeapUsedSize"] / 1e6, "MB", 500),
    ]


def click_run(bench: Bench) -> list[Figure]:
    """Click Run → first frame with a moved message; the default scenario, a fresh seed each time."""
    context = bench.browser.new_context(base_url=bench.base_url, viewport={"width": 1440, "height": 900})
    context.add_init_script("try { localStorage.setItem('netsplit:tour', 'seen'); } catch {}")
    page = context.new_page()
    page.goto("/sandbox/")
    page.locator("#graph .node").first.wait_for()
    took: list[float] = []
    base = int.from_bytes(os.urandom(3), "big")
    for number in range(2 * SEEDS):
        if len(took) > SEEDS:  # the first warms up
            break
        page.locator("#run-options").click()
        page.locator("#seed").fill(str(base + number))
        page.locator("#seed").press("Tab")
        page.locator("#run-dialog [data-close]").click()
        page.evaluate("performance.clearMeasures()")
        page.locator("#run").click()
        found = "performance.getEntriesByName('netsplit:run-to-first-message')"
        with suppress(TimeoutError):  # a seed whose first frames are all between two messages
            wait_until(page, f"() => {found}.length > 0", RUN_MS_MAX)
            took.append(float(page.evaluate(f"{found}.at(-1).duration")))
        page.wait_for_timeout(1000)
    context.close()
    return [
        Figure("click Run → first moved message, median", statistics.median(took[1:]), "ms", 500),
        Figure("click Run → first moved message, slowest", max(took[1:]), "ms"),
    ]


def fault(bench: Bench) -> list[Figure]:
    """A fault at the playhead of an uncached run → the first message on screen that it loses."""
    figures = []
    for place in PLACES:
        page = bench.open({**lengthy(), "seed": int.from_bytes(os.urandom(3), "big")})
        page.locator("#speed").select_option(label="1×")
        pause(page)
        seek(page, place)
        page.locator('[data-node="s0"] .box').click()
        play(page)
        took = page.evaluate(DIVERGENCE, "crash")
        page.context.close()
        figures.append(Figure(f"fault at {place:.0%} → first diverging message", took or WAIT_MS_MAX, "ms", 1000))
    return figures


PARTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "frames": frames,
    "pan": pan,
    "scrub": scrub,
    "run": click_run,
    "fault": fault,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this alone")
    options = parser.parse_args()
    found = measure(options.only or list(PARTS))
    if options.json:
        rows = [{**asdict(figure), "met": figure.met} for figure in found]
        print(json.dumps({"load": os.getloadavg(), "cores": os.cpu_count(), "figures": rows}, indent=2))
    else:
        show(found)
    return 0 if all(figure.met for figure in found) else 1


def measure(names: list[str]) -> list[Figure]:
    """The figures of these parts; a part that fails is told of and left out."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as temporary:
        stack = Stack(Path(temporary) / "data")
        try:
            stack.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(**find_browser().launch_arguments())
                bench = Bench(browser, stack.base_url)
                for name in names:
                    try:
                        found += PARTS[name](bench)
                    except (TimeoutError, PlaywrightError) as error:
                        say(f"{name} could not be measured: {str(error).splitlines()[0]}")
                browser.close()
        finally:
            stack.clean_up()
    return found


def show(found: list[Figure]) -> None:
    print(f"| what | measured | target |\n|---|---|---|\n{''.join(map(row_of, found))}", end="")
    missed = [figure.what for figure in found if not figure.met]
    say(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; "
        + (f"missed: {'; '.join(missed)}" if missed else "every target met")
    )


def row_of(figure: Figure) -> str:
    sign = "≤" if figure.most else "≥"
    digits = 0 if figure.value >= 100 else 1 if figure.value >= 10 else 2
    target = "" if figure.target is None else f"{sign} {figure.target:,.0f}"
    return f"| {figure.what} | {figure.value:,.{digits}f} {figure.unit} | {target} |\n"


if __name__ == "__main__":
    sys.exit(main())
