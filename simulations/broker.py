"""The few words spoken with Redis directly: is it there, is a worker alive, how long is a queue."""

import functools
import socket
from typing import Any

import redis
from django.conf import settings

WORKER_KEY_PREFIX = "netsplit:worker:"
WORKER_KEY_SECONDS = 6


@functools.cache
def client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


def ping() -> bool:
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False


def show_life() -> None:
    """Called by a worker every two seconds; forgotten by itself when the worker is gone."""
    try:
        client().set(WORKER_KEY_PREFIX + socket.gethostname(), 1, ex=WORKER_KEY_SECONDS)
    except redis.RedisError:
        pass  # the next beat tells


def show_end() -> None:
    try:
        client().delete(WORKER_KEY_PREFIX + socket.gethostname())
    except redis.RedisError:
        pass


def worker_is_alive() -> bool:
    try:
        return any(True for _ in client().scan_iter(WORKER_KEY_PREFIX + "*", count=1000))
    except redis.RedisError:
        return False


def queue_length(queue: str) -> int | None:
    """Messages waiting in a queue at the broker, all priorities; None when the broker does not answer."""
    steps: Any = settings.CELERY_BROKER_TRANSPORT_OPTIONS["priority_steps"]
    try:
        return sum(int(client().llen(f"{queue}\x06\x16{step}" if step else queue)) for step in steps)
    except redis.RedisError:
        return None


def first_to_ask(what: str, seconds: int) -> bool:
    """True for the first of those who ask for the same within `seconds`."""
    try:
        return bool(client().set(f"netsplit:asked:{what}", 1, nx=True, ex=seconds))
    except redis.RedisError:
        return True


def forget_asking(what: str) -> None:
    """Let the next who asks be the first again."""
    try:
        client().delete(f"netsplit:asked:{what}")
    except redis.RedisError:
        pass  # it is forgotten by itself a little later


def keep(what: str, data: bytes, seconds: int) -> None:
    """Keep an answer for a while; without a broker nobody could have asked."""
    client().set(f"netsplit:kept:{what}", data, ex=seconds)


def kept(what: str) -> bytes | None:
    """An answer that is still kept."""
    try:
        found = client().get(f"netsplit:kept:{what}")
    except redis.RedisError:
        return None
    return found if isinstance(found, bytes) else None
