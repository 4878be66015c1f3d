"""Does the deployed role allow this call: what each operation asks IAM for, and who decides.

Each row of ``OPERATIONS`` is the operation's line in AWS's Service Authorization Reference, by
service (action -> resource type -> condition key):

- https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
- .../list_amazondynamodb.html, .../list_amazonroute53.html, .../list_amazonsns.html
- .../list_awssystemsmanager.html, .../list_awslambda.html, .../list_amazoncloudwatchlogs.html
- .../list_amazoncloudwatch.html (GetMetricStatistics and PutMetricData know no resource;
  PutMetricData knows cloudwatch:namespace)
- .../list_awselasticloadbalancingv2.html (DescribeTargetHealth knows no resource)
- .../list_awskeymanagementservice.html, .../list_amazonec2.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from drtemplate.cloudformation.policies import Request, Statement, allows
from drtemplate.errors import DrTemplateError

FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Row:
    """What an operation asks IAM for.

    Attributes:
        arn: ARN of the resource; ``*`` if there is none. ``{name}`` stands for the parameter, and
            ``{bare}`` for it without a slash at its beginning.
        parameter: The parameter that names the resource, as a name or as an ARN.
        keys: Condition key -> the parameter that gives its value.
        also: ARNs, with the parameter that names each, that are asked for besides where it is given.
    """

    action: str
    arn: str = "*"
    parameter: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    also: tuple[tuple[str, str], ...] = ()


HERE = "{region}:{account}"
OPERATIONS = {
    ("cloudwatch", "DescribeAlarms"): Row(
        "cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:{{name}}", "AlarmNames"
    ),
    ("cloudwatch", "GetMetricStatistics"): Row("cloudwatch:GetMetricStatistics"),
    ("cloudwatch", "PutMetricData"): Row(
        "cloudwatch:PutMetricData", keys=(("cloudwatch:namespace", "Namespace"),)
    ),
    ("dynamodb", "GetItem"): Row(
        "dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{{name}}", "TableName"
    ),
    ("dynamodb", "PutItem"): Row(
        "dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/{{name}}", "TableName"
    ),
    ("ec2", "CreateNetworkInterface"): Row(
        "ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/*"
    ),
    ("ec2", "DeleteNetworkInterface"): Row(
        "ec2:DeleteNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/*"
    ),
    ("ec2", "DescribeNetworkInterfaces"): Row("ec2:DescribeNetworkInterfaces"),
    ("ec2", "DescribeSubnets"): Row("ec2:DescribeSubnets"),
    ("elbv2", "DescribeTargetHealth"): Row("elasticloadbalancing:DescribeTargetHealth"),
    ("lambda", "Invoke"): Row(
        "lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{{name}}", "FunctionName"
    ),
    ("logs", "CreateLogStream"): Row(
        "logs:CreateLogStream",
        f"arn:aws:logs:{HERE}:log-group:{{name}}:log-stream:*",
        "logGroupName",
    ),
    ("logs", "PutLogEvents"): Row(
        "logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:{{name}}:log-stream:*", "logGroupName"
    ),
    ("rds", "DescribeDBClusters"): Row(
        "rds:DescribeDBClusters", f"arn:aws:rds:{HERE}:cluster:{{name}}", "DBClusterIdentifier"
    ),
    ("rds", "DescribeDBInstances"): Row(
        "rds:DescribeDBInstances", f"arn:aws:rds:{HERE}:db:{{name}}", "DBInstanceIdentifier"
    ),
    # IAM's newer data has the instance too, which a call that names its target then asks for.
    ("rds", "FailoverDBCluster"): Row(
        "rds:FailoverDBCluster",
        f"arn:aws:rds:{HERE}:cluster:{{name}}",
        "DBClusterIdentifier",
        also=((f"arn:aws:rds:{HERE}:db:{{name}}", "TargetDBInstanceIdentifier"),),
    ),
    ("route53", "GetHealthCheck"): Row(
        "route53:GetHealthCheck", "arn:aws:route53:::healthcheck/{name}", "HealthCheckId"
    ),
    ("route53", "UpdateHealthCheck"): Row(
        "route53:UpdateHealthCheck", "arn:aws:route53:::healthcheck/{name}", "HealthCheckId"
    ),
    ("sns", "Publish"): Row("sns:Publish", f"arn:aws:sns:{HERE}:{{name}}", "TopicArn"),
    ("ssm", "GetParameter"): Row(
        "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/{{bare}}", "Name"
    ),
}
# What a service asks the key for in its caller's name, for a resource that the key encrypts.
# DynamoDB opens the table's key: "When you access an encrypted DynamoDB table, DynamoDB needs to
# decrypt the table key", https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
# A publisher needs both: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
KEY_USE = {"dynamodb": ("kms:Decrypt",), "sns": ("kms:GenerateDataKey", "kms:Decrypt")}
# Parameters that decide what is asked for; of two calls with the same ones, one is looked at.
_DECIDING = {
    operation: tuple(
        name for name in (row.parameter, *(name for _, name in (*row.keys, *row.also))) if name
    )
    for operation, row in OPERATIONS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A right that was used.

    Attributes:
        role: whose, by the name under which `Roles` has it.
        by: "function" for a call of the code, else the service that called in its name.
    """

    role: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()
    by: str = FUNCTION

    def request(self) -> Request:
        """The request as IAM saw it."""
        return Request(action=self.action, resource=self.resource, context=dict(self.context))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grants:
    """What a deployed stack grants.

    Attributes:
        roles: a role's name -> its statements. For functions, their logical ids are the names.
        keys: ARN of a table or topic -> ARN of the key that encrypts it.
        key_policies: ARN of a key -> the statements of its policy.
        resource_policies: ARN of a function or topic -> the statements of its policy.
    """

    region: str
    account: str
    roles: Mapping[str, tuple[Statement, ...]]
    keys: Mapping[str, str] = field(default_factory=dict)
    key_policies: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    resource_policies: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)


class Roles:
    """The roles as deployed, in front of every call.

    Attributes:
        uses: every right that was used and allowed.
        denials: every denial, one line each.
        deliveries: (source, target) -> why a delivery of events is denied, or None; kept here since
            a service's decisions outlive a run, as the roles' do.
    """

    def __init__(self, grants: Grants) -> None:
        self.grants = grants
        self.uses: set[Use] = set()
        self.denials: list[str] = []
        self.deliveries: dict[tuple[str, str], str | None] = {}
        self._decided: dict[tuple[object, ...], str | None] = {}

    def denial(
        self,
        role: str,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        by: str = FUNCTION,
    ) -> str | None:
        """Why a call is denied, in a line; None if it is allowed.

        Raises:
            DrTemplateError: the operation has no row, so that nobody can tell.
        """
        deciding = _DECIDING.get((service, operation), ())
        # A list, since a generator takes twice as long, and this stands in front of every call.
        key = (role, by, service, operation, *[str(params.get(name)) for name in deciding])
        try:
            found = self._decided[key]
        except KeyError:
            asked = self.asked(role, service, operation, params, by)
            found = self._decided[key] = self._decide(asked)
        if found:
            self.denials.append(found)
        return found

    def _decide(self, asked: Iterator[Use]) -> str | None:
        for use in asked:
            if not self.allowed(use):
                return f"{use.role} may not {use.action} on {use.resource} {dict(use.context)}"
            self.uses.add(use)
        return None

    def asked(
        self,
        role: str,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        by: str = FUNCTION,
    ) -> Iterator[Use]:
        """What the call asks IAM for, and then what its service asks for in the role's name."""
        row = OPERATIONS.get((service, operation))
        if row is None:
            raise DrTemplateError(f"no row in OPERATIONS says what {service}:{operation} asks for")
        here = {"region": self.grants.region, "account": self.grants.account}
        value = params.get(row.parameter, "*")
        given = value[0] if isinstance(value, list) and len(value) == 1 else str(value)
        arn = row.arn.format(**here, name=given, bare=given.lstrip("/"))
        arn = given if given.startswith("arn:") else arn
        context = tuple((key, str(params[name])) for key, name in row.keys if name in params)
        yield Use(role=role, action=row.action, resource=arn, context=context, by=by)
        for pattern, parameter in row.also:
            if parameter in params:
                more = pattern.format(**here, name=params[parameter])
                yield Use(role=role, action=row.action, resource=more, context=context, by=by)
        via = (("kms:viaservice", f"{service}.{self.grants.region}.amazonaws.com"),)
        keys = self.grants.keys
        for action in KEY_USE.get(service, ()) if arn in keys else ():
            yield Use(role=role, action=action, resource=keys[arn], context=via, by=service)

    def allowed(self, use: Use) -> bool:
        """The role's decision, and for a key its own policy's too.

        https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html: only a policy
        that names the account lets the account's IAM policies count.
        """
        decided = allows(self.grants.roles.get(use.role, ()), use.request())
        policy = self.grants.key_policies.get(use.resource)
        if policy is None:
            return decided
        account = ("AWS", f"arn:aws:iam::{self.grants.account}:root")
        request = Request(
            action=use.action, resource="*", context=dict(use.context), principal=account
        )
        return decided and allows(policy, request)
