"""Checks: verdicts on a run, derived from its trace alone."""
