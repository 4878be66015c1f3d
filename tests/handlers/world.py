"""The world in which the deployed handlers run: a clock, Aurora, targets, tables, alarms, faults.

The code and the environment are taken out of the rendered template. boto3's own clients are used,
with their parameter validation and exception classes; only the wire is replaced.
"""

import functools
import json
import types
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from unittest import mock

import boto3
import botocore.client
from boto3.dynamodb.types import TypeSerializer
from botocore.validate import ParamValidator
from role import Role, value_of

from drtemplate.settings import Settings
from drtemplate.stack import build

START = 1_800_000_000.0
LATENCY = 0.05  # seconds an API call takes
WRITER, READER = "instance-a", "instance-b"
TARGETS = "stack-alb-unhealthy-targets"  # the alarm on them
TICK = 5  # seconds between the monitor's metrics
CLOUDWATCH_REMEMBERS = 3 * 3600  # seconds that samples by the second are kept


@functools.cache
def template():
    return build(Settings()).to_dict()


def default_configuration():
    """What the template puts into Parameter Store."""
    value = template()["Resources"]["FailoverConfigParameter"]["Properties"]["Value"]
    return json.loads(value_of(value))


class Killed(BaseException):
    """Lambda's time-out: nothing in the handler can catch it."""


class Clock:
    def __init__(self):
        self.now = START
        self.deadline = float("inf")
        self.events = []

    def at(self, delay, action):
        """Let something happen later, in order of time."""
        self.events.append((self.now + delay, len(self.events), action))
        self.events.sort(key=lambda event: event[:2])

    def advance(self, seconds):
        end = min(self.now + seconds, self.deadline)
        while self.events and self.events[0][0] <= end:
            self.now, _, action = self.events.pop(0)
            action()
        self.now = end
        if self.now >= self.deadline:
            raise Killed


# Made before boto3's functions are replaced by those that hand these out.
SESSION = boto3.Session(region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


@functools.cache
def real_client(service):
    return SESSION.client(service)


@functools.cache
def real_table(name):
    return SESSION.resource("dynamodb").Table(name)


class World:
    """Aurora with a writer and a reader, two sides of targets, and everything that is called.

    Attributes:
        faults: (service, operation) -> error code, exception or callable(params) to raise or run.
        calls: (service, operation, params) of every call.
        health: what a monitor has published as DatabaseHealth, the last value now, one a tick.
        silent: instances of which CloudWatch hears nothing.
        data: (namespace, metric, dimensions) -> (time, resolution, value) of what was put.
        enforcing: whether calls that the function's role does not allow are denied.
        promotion: seconds from FailoverDBCluster until the writer moves, and until available.
    """

    def __init__(self):
        self.clock = Clock()
        self.cluster_status = "available"
        self.instances = {WRITER: "available", READER: "available"}
        self.writer = WRITER
        self.alive = True
        self.targets = {"PrimaryTargetGroup": ["healthy"], "StandbyTargetGroup": ["healthy"]}
        self.items = {}
        self.latched = False
        self.configuration = default_configuration()
        self.metrics = {}
        self.health = [1.0]
        self.silent = set()
        self.data = {}
        self.enforcing = False
        self.published = []
        self.invoked = []
        self.faults = {}
        self.calls = []
        self.promotion = (12.0, 18.0)
        self.stalled = False
        self.log = []
        self.requests = 0

    # What tests look at.

    @property
    def state(self):
        return self.items.get("FAILOVER_STATUS", {})

    def runs(self, kind="RUN"):
        return [item for key, item in self.items.items() if key.startswith(f"{kind}#")]

    def count(self, operation):
        return Counter(name for _, name, _ in self.calls)[operation]

    # How handlers are run.

    def load(self, function, source=None):
        """The deployed function as a module; ``source`` replaces its code."""
        properties = template()["Resources"][function]["Properties"]
        environment = properties["Environment"]["Variables"]
        code = properties["Code"]["ZipFile"] if source is None else source
        module = types.ModuleType("index")
        with (
            mock.patch.dict("os.environ", value_of(environment)),
            mock.patch("boto3.client", lambda name, **_: real_client(name)),
            mock.patch("boto3.resource", lambda *_, **__: types.SimpleNamespace(Table=real_table)),
        ):
            exec(compile(code, f"<{function}>", "exec"), module.__dict__)
            module.ENV = dict(module.ENV)
        module.time = lambda: self.clock.now
        module.sleep = self.clock.advance
        module.print = lambda *words: self.log.append(" ".join(map(str, words)))
        module.timeout = properties["Timeout"]
        title = properties["Role"]["Fn::GetAtt"][0]
        module.role = Role(template()["Resources"][title]["Properties"])
        return module

    def invoke(self, module, event, timeout=None):
        """Run the handler as Lambda does, within its own timeout.

        Returns:
            (answer, None), or (None, the exception or Killed that ended it).
        """
        self.requests += 1
        clock, outer = self.clock, self.clock.deadline
        limit = module.timeout if timeout is None else timeout
        clock.deadline = min(outer, clock.now + limit)
        end = clock.deadline
        self.role = module.role
        context = types.SimpleNamespace(
            aws_request_id=f"request-{self.requests}",
            get_remaining_time_in_millis=lambda: int((end - clock.now) * 1000),
        )
        with mock.patch.object(botocore.client.BaseClient, "_make_api_call", self._wire()):
            try:
                return module.handler(event, context), None
            except (Exception, Killed) as error:
                return None, error
            finally:
                clock.deadline = outer

    def _wire(self):
        world = self

        def call(client, operation, params):
            return world.serve(client, operation, params)

        return call

    def serve(self, client, operation, params):
        service = client.meta.service_model.service_name
        self.clock.advance(LATENCY)
        self.calls.append((service, operation, params))
        if service != "dynamodb":
            shape = client.meta.service_model.operation_model(operation).input_shape
            report = ParamValidator().validate(params, shape)
            assert not report.has_errors(), report.generate_report()
        if self.enforcing and not self.role.allows(service, operation, params):
            self.fail(client, operation, "AccessDenied")
        fault = self.faults.get((service, operation)) or self.faults.get((service, "*"))
        if callable(fault) and not isinstance(fault, type):
            fault = fault(params)
        if isinstance(fault, str):
            self.fail(client, operation, fault)
        if fault is not None:
            raise fault
        return getattr(self, f"{service}_{operation}".lower())(client, **params)

    def fail(self, client, operation, code):
        error = {"Error": {"Code": code, "Message": f"injected {code}"}}
        raise client.exceptions.from_code(code)(error, operation)

    # Aurora.

    def rds_describedbclusters(self, client, DBClusterIdentifier):
        members = [
            {
                "DBInstanceIdentifier": name,
                "IsClusterWriter": name == self.writer,
            }
            for name in self.instances
        ]
        return {"DBClusters": [{"Status": self.cluster_status, "DBClusterMembers": members}]}

    def rds_describedbinstances(self, client, DBInstanceIdentifier):
        if DBInstanceIdentifier not in self.instances:
            self.fail(client, "DescribeDBInstances", "DBInstanceNotFound")
        return {"DBInstances": [{"DBInstanceStatus": self.instances[DBInstanceIdentifier]}]}

    def rds_failoverdbcluster(self, client, DBClusterIdentifier, TargetDBInstanceIdentifier):
        if self.cluster_status != "available":
            self.fail(client, "FailoverDBCluster", "InvalidDBClusterStateFault")
        assert TargetDBInstanceIdentifier in self.instances
        self.cluster_status = "failing-over"
        if not self.stalled:
            self.clock.at(self.promotion[0], lambda: self.promote(TargetDBInstanceIdentifier))
            self.clock.at(self.promotion[1], self.settle)
        return {}

    def promote(self, name):
        self.writer, self.alive = name, True

    def settle(self):
        self.cluster_status = "available"

    # The other services.

    def elbv2_describetargethealth(self, client, TargetGroupArn):
        if TargetGroupArn not in self.targets:
            self.fail(client, "DescribeTargetHealth", "TargetGroupNotFound")
        states = self.targets[TargetGroupArn]
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": one}} for one in states]}

    def route53_updatehealthcheck(self, client, HealthCheckId, Disabled, Inverted):
        assert Disabled == Inverted
        self.latched = Disabled
        return {}

    def ssm_getparameter(self, client, Name):
        value = self.configuration
        return {"Parameter": {"Value": value if isinstance(value, str) else json.dumps(value)}}

    def sns_publish(self, client, TopicArn, Subject, Message):
        assert len(Subject) < 100
        assert "\n" not in Subject
        self.published.append((Subject, Message))
        return {}

    def cloudwatch_putmetricdata(self, client, Namespace, MetricData):
        for one in MetricData:
            self.metrics.setdefault(one["MetricName"], []).append((self.clock.now, one["Value"]))
            key = metric(Namespace, one["MetricName"], one.get("Dimensions", []))
            sample = (self.clock.now, one.get("StorageResolution", 60), one["Value"])
            self.data.setdefault(key, []).append(sample)
        return {}

    def cloudwatch_getmetricstatistics(
        self, client, Namespace, MetricName, StartTime, EndTime, Period, Statistics, Dimensions=()
    ):
        """Only what was put under just this name and just these dimensions, and in this time.

        Samples by the second can be asked for in periods of 1, 5, 10, 20 and 30 s, the others by the
        minute; the start is rounded down to a whole period, and the end does not belong to it.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
        """
        if Period not in (1, 5, 10, 20, 30) and Period % 60:
            self.fail(client, "GetMetricStatistics", "InvalidParameterValue")
        begin = max(StartTime // Period * Period, self.clock.now - CLOUDWATCH_REMEMBERS)
        periods = {}
        for when, resolution, value in self.samples(metric(Namespace, MetricName, Dimensions)):
            kept = when // resolution * resolution
            if begin <= kept < EndTime:
                periods.setdefault(kept // Period * Period, []).append(value)
        functions = {"Maximum": max, "Minimum": min, "SampleCount": len, "Sum": sum}
        points = [
            {name: float(functions[name](values)) for name in Statistics} | {"Timestamp": when}
            for when, values in periods.items()
        ]
        # "The data points are not returned in chronological order."
        return {"Datapoints": points[::-1]}

    def samples(self, key):
        found = list(self.data.get(key, []))
        if key == HEALTH:
            for age, value in enumerate(self.health[::-1]):
                found.append((self.clock.now - 1 - TICK * age, 1, value))
        namespace, name, dimensions = key
        if (namespace, name) == ("AWS/RDS", "EngineUptime") and len(dimensions) == 1:
            ((dimension, instance),) = dimensions
            sends = instance in self.instances and instance not in self.silent
            if dimension == "DBInstanceIdentifier" and sends:
                # A metric of AWS is up to three minutes old.
                found.append((self.clock.now - 170, 60, 90_000.0))
        return found

    def lambda_invoke(self, client, FunctionName, InvocationType, Payload):
        assert InvocationType == "Event"
        self.invoked.append((self.clock.now, json.loads(Payload)))
        return {}

    # DynamoDB, on Python values: conditions as boto3 builds them.

    def dynamodb_getitem(self, client, Key, ConsistentRead, TableName=None):
        assert ConsistentRead is True
        item = self.items.get(Key["StateKey"])
        return {"Item": dict(item)} if item is not None else {}

    def dynamodb_putitem(self, client, Item, TableName=None, ConditionExpression=None):
        TypeSerializer().serialize(Item)  # refuses floats and other foreign types, as boto3 does
        old = self.items.get(Item["StateKey"], {})
        if ConditionExpression is not None and not holds(ConditionExpression, old):
            self.fail(client, "PutItem", "ConditionalCheckFailedException")
        self.items[Item["StateKey"]] = {
            key: Decimal(value) if type(value) is int else value for key, value in Item.items()
        }
        return {"ResponseMetadata": {"HTTPStatusCode": 200}}


def alarm(name="stack-database-health", **more):
    return {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}",
        "accountId": "111122223333",
        "time": "2027-01-15T08:00:00.000+0000",
        "region": "eu-west-1",
        "alarmData": {"alarmName": name, "state": {"value": "ALARM", "reason": "x"}},
        **more,
    }


def metric(namespace, name, dimensions):
    return namespace, name, tuple(sorted((one["Name"], one["Value"]) for one in dimensions))


HEALTH = metric("DRSystem", "DatabaseHealth", [{"Name": "StackName", "Value": "stack"}])


def holds(condition, item):
    expression = condition.get_expression()
    name, *rest = expression["values"]
    match expression["operator"]:
        case "attribute_not_exists":
            return name.name not in item
        case "=":
            return name.name in item and item[name.name] == rest[0]
    raise AssertionError(f"unknown condition {expression}")


def body(answer):
    """The decoded body of an orchestrator's answer."""
    return json.loads(answer["body"])


def silently(function, *arguments):
    with suppress(Exception):
        return function(*arguments)
