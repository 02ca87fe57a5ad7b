"""Notices edits by looking at modification times: no dependency, works on every file system."""

from __future__ import annotations

import os
from pathlib import Path

# Python needs both processes anew, a template only the web one; the others nothing but to be prepared again.
RESTARTED = {".py": {"worker", "web"}, ".html": {"web"}, ".txt": {"web"}}
WATCHED = {*RESTARTED, ".json", ".js", ".css"}


class Watch:
    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self.seen = self.look()

    def look(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        waiting = [str(folder) for folder in self.folders]
        while waiting:
            try:
                entries = list(os.scandir(waiting.pop()))
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                elif os.path.splitext(entry.name)[1] in WATCHED and not entry.name.startswith("."):
                    try:
                        status = entry.stat()
                    except OSError:
                        continue
                    found[entry.path] = (status.st_mtime_ns, status.st_size)
        return found

    def changes(self) -> list[str]:
        """Paths that appeared, changed or went since the last call."""
        now = self.look()
        before, self.seen = self.seen, now
        if now == before:
            return []
        return sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))


def to_restart(paths: list[str]) -> set[str]:
    return set[str]().union(*(RESTARTED.get(os.path.splitext(path)[1], set()) for path in paths))
