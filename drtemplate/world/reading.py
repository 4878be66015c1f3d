"""Reads a rendered template into a `Deployment`, with its parameters' defaults."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import load_template
from drtemplate.errors import InputError
from drtemplate.groups.handlers import HANDLERS, MONITOR, ORCHESTRATOR
from drtemplate.settings import PROJECT
from drtemplate.world.deployment import SIDES, Deployment
from drtemplate.world.granting import read_grants
from drtemplate.world.parts import (
    Found,
    read_alarm,
    read_cluster,
    read_composites,
    read_function,
    read_rule,
    read_side,
)
from drtemplate.world.physical import Resolver

TEMPLATE = PROJECT / "templates" / "dr-template.yaml"
NEEDED = (
    MONITOR,
    ORCHESTRATOR,
    "AuroraDBCluster",
    *(f"{side}{part}" for side in SIDES for part in ("ALB", "TargetGroup", "HealthCheck")),
    "FailoverStateTable",
    "FailoverConfigParameter",
    "AlertTopic",
)


def load_deployment(path: Path = TEMPLATE) -> Deployment:
    """Read a rendered template.

    Raises:
        InputError: it lacks what a drill needs.
    """
    template = load_template(path)
    missing = [name for name in NEEDED if name not in template["Resources"]]
    if missing:
        raise InputError(f"{path}: no world without {', '.join(missing)}; render it anew")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        deployment = read_deployment(template, digest)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, AssertionError) as exc:
        raise InputError(f"{path}: a drill cannot read this template: {exc!r}") from exc
    functions = {
        logical: replace(one, source=f"{path}: {logical}")
        for logical, one in deployment.functions.items()
    }
    return replace(deployment, functions=functions)


def read_deployment(template: Mapping[str, Any], digest: str) -> Deployment:
    """The stack that the template declares, with its parameters' defaults."""
    resolver = Resolver(template, {})
    found = Found(resolver)
    parameters = {
        resolver.ref(name): str(properties["Value"])
        for name, properties in found.of("AWS::SSM::Parameter")
    }
    alarms = tuple(read_alarm(one) for _, one in found.of("AWS::CloudWatch::Alarm"))
    return Deployment(
        digest=digest,
        # A stack of version 0.1.0 has one observer.
        functions={
            name: read_function(found, name) for name in HANDLERS if name in template["Resources"]
        },
        alarms=alarms,
        composites=read_composites(found, alarms),
        sides={side: read_side(resolver, side) for side in SIDES},
        cluster=read_cluster(found),
        rules=tuple(
            read_rule(one, resolver.attribute(name, "Arn"))
            for name, one in found.of("AWS::Events::Rule")
            if one.get("State") != "DISABLED"
        ),
        table=resolver.ref("FailoverStateTable"),
        topic=resolver.ref("AlertTopic"),
        parameters=parameters,
        configuration=resolver.ref("FailoverConfigParameter"),
        endpoints=frozenset(
            one["ServiceName"].rsplit(".", 1)[1] for _, one in found.of("AWS::EC2::VPCEndpoint")
        ),
        grants=read_grants(resolver),
    )
