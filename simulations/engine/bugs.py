"""Mistakes in node types: an exception that a handler lets through, told with who, when, on what and where."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from simulations.engine.channel import Message
from simulations.engine.messages import kind_of
from simulations.engine.tasks import NodeBug

if TYPE_CHECKING:
    from simulations.engine.node import Node


def node_bug(node: Node, error: Exception) -> NodeBug:
    """The error as a node bug: who, when, on what, and the line of source."""
    if isinstance(error, NodeBug):
        return error
    frames = list(traceback.extract_tb(error.__traceback__))
    frames = [frame for frame in frames if "simulations/engine/" not in frame.filename] or frames
    place = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "unknown line"
    cause = node.cause
    doing = f"handling {kind_of(type(cause.body))} #{cause.id}" if isinstance(cause, Message) else "on its own"
    what = f"{type(error).__name__}: {error}"
    return NodeBug(f"Node bug in {node.TYPE} {node.id!r} at {node.kernel.now / 1e6:.3f} ms, {doing}: {what} ({place})")
