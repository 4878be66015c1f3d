"""Defects for the rules, by what they are in: ``DEFECTS`` (rule -> name -> edit) and ``FINE``."""

from defects import alarms, creation, functions, health, names, policies

PARTS = (policies, health, functions, alarms, names, creation)
DEFECTS = [
    (name, rule, edit)
    for part in PARTS
    for rule, edits in part.DEFECTS.items()
    for name, edit in edits.items()
]
FINE = {name: edit for part in PARTS for name, edit in part.FINE.items()}
