"""Edits by the part of the template: ``DEFECTS``, which a rule finds, and ``FINE``, which none does."""

from defects import alarms, creation, functions, health, names, policies

PARTS = (policies, health, functions, alarms, names, creation)
DEFECTS = [
    (name, rule, edit)
    for part in PARTS
    for rule, edits in part.DEFECTS.items()
    for name, edit in edits.items()
]
FINE = [one for part in PARTS for one in part.FINE.items()]
