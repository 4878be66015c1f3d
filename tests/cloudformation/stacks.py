"""Stacks of a few resources, and what changes between two of them."""

import copy

from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.updates import Behaviour

IN_PLACE, SOME, UNSUPPORTED, PERHAPS, CONDITIONED, REPLACED = Behaviour
TABLE = "AWS::DynamoDB::Table"
CLUSTER = "AWS::RDS::DBCluster"


def of(type_, /, attributes=None, **properties):
    return {"Type": type_, "Properties": properties} | (attributes or {})


def stack(**resources):
    return {"Resources": resources}


def by_id(old, new):
    return {one.logical_id: one for one in compare(old, new).resources}


def having(old, **properties):
    """The stack with other properties: logical id -> those."""
    new = copy.deepcopy(old)
    for title, values in properties.items():
        new["Resources"][title]["Properties"] |= values
    return new
