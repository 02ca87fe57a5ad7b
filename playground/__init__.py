"""The Django project: settings, addresses, processes, and the web faces of the simulator."""

from playground.celery import app as celery_app

__all__ = ["celery_app"]
