"""The orchestrator's clients and what its environment names."""

from os import environ

import boto3
from botocore.config import Config

# A hung API must not eat the run: at most 2 x (1 + 3) seconds a call.
CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2})
rds = boto3.client("rds", config=CONFIG)
sns = boto3.client("sns", config=CONFIG)
ssm = boto3.client("ssm", config=CONFIG)
elbv2 = boto3.client("elbv2", config=CONFIG)
route53 = boto3.client("route53", config=CONFIG)
# The table answers in milliseconds, so a hung or throttled try is over sooner and made again.
AGAIN = CONFIG.merge(Config(read_timeout=1, retries={"total_max_attempts": 4}))
table = boto3.resource("dynamodb", config=AGAIN).Table(environ["FAILOVER_STATE_TABLE"])
# Witnesses are asked often, and waited for a few seconds at most.
QUICK = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
cloudwatch = boto3.client("cloudwatch", config=QUICK)

CLUSTER = environ["CLUSTER_ID"]
STACK = environ["STACK_NAME"]
TOPIC = environ["SNS_TOPIC_ARN"]
RETENTION_DAYS = int(environ["RETENTION_DAYS"])
DOMAIN = environ["DOMAIN_NAME"]
HEALTH_CHECK = environ["HEALTH_CHECK"]
DEPLOYED_ARMING = environ["AUTO_FAILOVER"]
# The alarms that start the orchestrator.
ALARMS = (f"{STACK}-writer", f"{STACK}-alb-unhealthy-targets")
OBSERVERS = tuple(environ["OBSERVERS"].split(","))
TARGET_GROUPS = {side: environ[f"{side}_TARGETS"] for side in ("PRIMARY", "STANDBY")}


def read_parameter():
    """The configuration's text."""
    return ssm.get_parameter(Name=environ["CONFIG"])["Parameter"]["Value"]
