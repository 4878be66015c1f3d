"""What a function's role, as deployed, allows: decided from the statements of the template."""

import re

from drtemplate.checks.iam import like

# Service -> the prefix of its actions in IAM, where it is another.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
PREFIXES = {"elbv2": "elasticloadbalancing"}
ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
# The world's instances by the resources that they are.
INSTANCES = {
    "instance-a": "PrimaryDBInstance.DBInstanceArn",
    "instance-b": "StandbyDBInstance.DBInstanceArn",
}


def arn(node):
    """A statement's resource, with every reference as the name of what it refers to."""
    match node:
        case {"Ref": name}:
            return name
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", r"\1", text)
    return node


def listed(value):
    return value if isinstance(value, list) else [value]


def asked(service, operation, params):
    """The resources that a call is checked against, written as ``arn`` writes them."""
    found = []
    match service, operation:
        case "rds", _:
            if cluster := params.get("DBClusterIdentifier"):
                found.append(f"{cluster}.DBClusterArn")
            for key in ("DBInstanceIdentifier", "TargetDBInstanceIdentifier"):
                if name := params.get(key):
                    found.append(INSTANCES.get(name, f"arn:db:{name}"))
        case "dynamodb", _:
            found.append(f"{params['TableName']}.Arn")
        case "route53", _:
            check = params["HealthCheckId"]
            found.append(f"arn:AWS::Partition:route53:::healthcheck/{check}")
        case "sns", _:
            found.append(params["TopicArn"])
        case "ssm", _:
            place = "AWS::Region:AWS::AccountId"
            found.append(f"arn:AWS::Partition:ssm:{place}:parameter{params['Name']}")
        case "lambda", _:
            found.append(f"{params['FunctionName']}.Arn")
        case (("elbv2" | "cloudwatch"), _):
            found.append("*")
    # A call that names nothing asks for everything.
    return found or ["*"]


class Role:
    """The statements of one role of the rendered template."""

    def __init__(self, properties):
        self.statements = [
            statement
            for policy in properties["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def allows(self, service, operation, params):
        """Whether every resource that the call asks for is granted."""
        action = f"{PREFIXES.get(service, service)}:{operation}"
        action = ACTIONS.get(action, action)
        context = {"cloudwatch:namespace": params.get("Namespace")}
        granted = [
            arn(resource)
            for one in self.statements
            if action in listed(one["Action"]) and fits(one.get("Condition", {}), context)
            for resource in listed(one["Resource"])
        ]
        return all(
            any(like(pattern, resource) for pattern in granted)
            for resource in asked(service, operation, params)
        )


def fits(condition, context):
    return all(
        context.get(key) in listed(value)
        for key, value in condition.get("StringEquals", {}).items()
    )
