"""The Celery application: a worker computes runs, its beat sweeps up after lost ones."""

import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging, worker_ready, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")

app = Celery("playground")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_the_projects_logging(**_: Any) -> None:
    """With a receiver here Celery leaves logging as the settings made it."""


@worker_ready.connect
@heartbeat_sent.connect
def show_life(**_: Any) -> None:
    from simulations import broker

    broker.show_life()


@worker_shutdown.connect
def show_end(**_: Any) -> None:
    from simulations import broker

    broker.show_end()
