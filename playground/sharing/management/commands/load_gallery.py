from typing import Any

from django.core.management.base import BaseCommand

from playground.sharing.library import load_gallery


class Command(BaseCommand):
    help = "Bring the gallery in line with simulations/scenarios/*.json."

    def handle(self, *args: Any, **options: Any) -> None:
        for slug, change in load_gallery().items():
            if change != "unchanged":
                self.stdout.write(f"{slug}: {change}")
