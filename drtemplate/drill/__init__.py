"""Drills: the handlers run unchanged in a simulated cloud, in virtual time, and are measured."""
