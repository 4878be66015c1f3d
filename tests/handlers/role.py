"""What a function's role, as deployed, allows: decided from the statements of the template."""

from drtemplate.cloudformation.intrinsics import Evaluator
from drtemplate.cloudformation.lookups import Concrete
from drtemplate.cloudformation.policies import Request, allows, statements

# Service -> the prefix of its actions in IAM, where it is another.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
PREFIXES = {"elbv2": "elasticloadbalancing"}
ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
# The world's instances by the resources that they are.
INSTANCES = {
    "instance-a": "PrimaryDBInstance.DBInstanceArn",
    "instance-b": "StandbyDBInstance.DBInstanceArn",
}


# A resource is its own physical id, and ``X.Arn`` its attribute.
value_of = Evaluator(
    Concrete(
        names={
            "AWS::StackName": "stack",
            "AWS::Partition": "aws",
            "AWS::Region": "eu-west-1",
            "AWS::AccountId": "111122223333",
            "AutoFailover": "ON",
            "DataRetentionDays": "2555",
        },
        resource=lambda name, attribute: f"{name}.{attribute}" if attribute else name,
    )
)


def arn(value):
    """What names a resource, in the form of an ARN."""
    return value if value.startswith("arn:") or value == "*" else f"arn:aws:::::{value}"


def asked(service, operation, params):
    """The resources that a call is checked against, as ``arn`` takes them."""
    found = []
    match service, operation:
        case "rds", _:
            if cluster := params.get("DBClusterIdentifier"):
                found.append(f"{cluster}.DBClusterArn")
            for key in ("DBInstanceIdentifier", "TargetDBInstanceIdentifier"):
                if name := params.get(key):
                    found.append(INSTANCES.get(name, f"db:{name}"))
        case "dynamodb", _:
            found.append(f"{params['TableName']}.Arn")
        case "route53", _:
            check = params["HealthCheckId"]
            found.append(f"arn:aws:route53:::healthcheck/{check}")
        case "sns", _:
            found.append(params["TopicArn"])
        case "ssm", _:
            found.append(f"arn:aws:ssm:eu-west-1:111122223333:parameter{params['Name']}")
        case "lambda", _:
            found.append(f"{params['FunctionName']}.Arn")
        case (("elbv2" | "cloudwatch"), _):
            found.append("*")
    # A call that names nothing asks for everything.
    return found or ["*"]


class Role:
    """The statements of one role of the rendered template."""

    def __init__(self, properties):
        documents = [value_of(policy["PolicyDocument"]) for policy in properties["Policies"]]
        for document in documents:
            for one in document["Statement"]:
                resources = one["Resource"]
                listed = resources if isinstance(resources, list) else [resources]
                one["Resource"] = [arn(resource) for resource in listed]
        self.statements = [one for document in documents for one in statements(document)]

    def allows(self, service, operation, params):
        """Whether every resource that the call asks for is granted."""
        action = f"{PREFIXES.get(service, service)}:{operation}"
        action = ACTIONS.get(action, action)
        namespace = params.get("Namespace")
        context = {"cloudwatch:namespace": namespace} if namespace else {}
        return all(
            allows(self.statements, Request(action=action, resource=arn(resource), context=context))
            for resource in asked(service, operation, params)
        )
