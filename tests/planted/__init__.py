"""Protocols with one rule broken each, which a search over fault schedules must find."""
