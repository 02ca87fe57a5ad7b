"""The three-tier work as one would write it in SimPy, for comparison: a store an inbox, a process a message under
way, resources as workers. It leaves no trace and knows no timeouts.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

import simpy

USERS = 50
SERVICES = 4
Steps = Generator[Any, Any, None]


class ThreeTier:
    """50 users, a balancer, 4 services × 4 workers, a database × 8; exponential links and service times, in
    milliseconds.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.random = random.Random(1)
        self.sent = 0
        self.users = [simpy.Store(env) for _ in range(USERS)]
        self.balancer = simpy.Store(env)
        self.services = [simpy.Store(env) for _ in range(SERVICES)]
        self.database = simpy.Store(env)
        self.workers = [simpy.Resource(env, 4) for _ in range(SERVICES)]
        self.connections = simpy.Resource(env, 8)
        self.waiting: dict[tuple[int, int], simpy.Event] = {}
        for user in range(USERS):
            env.process(self.use(user))
        env.process(self.balance())
        env.process(self.query())
        for service in range(SERVICES):
            env.process(self.serve(service))

    def send(self, inbox: simpy.Store, message: Any) -> None:
        """Put a message under way."""
        self.sent += 1
        self.env.process(self.carry(inbox, message))

    def carry(self, inbox: simpy.Store, message: Any) -> Steps:
        """One message on its link."""
        yield self.env.timeout(self.random.expovariate(1.0))
        yield inbox.put(message)

    def use(self, user: int) -> Steps:
        """One user: ask, wait for the answer, ask again."""
        while True:
            self.send(self.balancer, ("request", user))
            yield self.users[user].get()

    def balance(self) -> Steps:
        """Requests go to the services in turn, answers back to the users."""
        turn = 0
        while True:
            kind, user = yield self.balancer.get()
            if kind == "request":
                turn += 1
                self.send(self.services[turn % SERVICES], (kind, user))
            else:
                self.send(self.users[user], (kind, user))

    def serve(self, service: int) -> Steps:
        """One service's inbox."""
        while True:
            kind, user = yield self.services[service].get()
            if kind == "request":
                self.env.process(self.work(service, user))
            else:
                self.waiting.pop((service, user)).succeed()

    def work(self, service: int, user: int) -> Steps:
        """One request: a worker works, and holds on while the database answers."""
        with self.workers[service].request() as worker:
            yield worker
            yield self.env.timeout(self.random.expovariate(0.5))
            answer = self.waiting[(service, user)] = self.env.event()
            self.send(self.database, (service, user))
            yield answer
        self.send(self.balancer, ("answer", user))

    def query(self) -> Steps:
        """The database's inbox."""
        while True:
            service, user = yield self.database.get()
            self.env.process(self.look_up(service, user))

    def look_up(self, service: int, user: int) -> Steps:
        """One query."""
        with self.connections.request() as connection:
            yield connection
            yield self.env.timeout(self.random.expovariate(1.0))
        self.send(self.services[service], ("answer", user))


def run(duration_ms: float) -> tuple[int, int]:
    """Simulate; return messages sent and events processed."""
    env = simpy.Environment()
    model = ThreeTier(env)
    events = 0
    while env.peek() < duration_ms:
        env.step()
        events += 1
    return model.sent, events
