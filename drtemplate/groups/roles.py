"""The roles of the functions; what each may do stands in ``permissions``."""

from awacs import sts as sts_actions
from awacs.aws import Allow, PolicyDocument
from troposphere import Sub, awslambda, iam, logs

from drtemplate.groups.permissions import (
    Dependencies,
    monitor_statements,
    orchestrator_statements,
)
from drtemplate.groups.policies import Statement, document, service
from drtemplate.plans import Roles
from drtemplate.template import StackTemplate


def add_orchestrator_role(
    template: StackTemplate, dependencies: Dependencies, log_group: logs.LogGroup, roles: Roles
) -> iam.Role:
    """Add the actor's role."""
    return template.add_resource(
        iam.Role(
            "LambdaExecutionRole",
            **role_properties(roles, "orchestrator"),
            AssumeRolePolicyDocument=_trust(),
            Policies=[_policy("FailoverPolicy", orchestrator_statements(dependencies, log_group))],
        )
    )


def add_monitor_role(
    template: StackTemplate,
    dependencies: Dependencies,
    orchestrator: awslambda.Function,
    log_groups: list[logs.LogGroup],
    roles: Roles,
) -> iam.Role:
    """Add the role of the observers."""
    return template.add_resource(
        iam.Role(
            "HealthMonitorRole",
            **role_properties(roles, "monitor"),
            AssumeRolePolicyDocument=_trust(),
            # Network interfaces for the VPC, and unlike AWSLambdaVPCAccessExecutionRole no right to
            # create log groups, which would come back unencrypted after a delete.
            # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaENIManagementAccess.html
            ManagedPolicyArns=[
                Sub(
                    "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
                )
            ],
            Policies=[
                _policy("MonitorPolicy", monitor_statements(dependencies, orchestrator, log_groups))
            ],
        )
    )


def role_properties(roles: Roles, suffix: str) -> dict[str, object]:
    """What an organisation asks of every role; the name has the region, since roles know none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-role.html
    """
    wanted: dict[str, object] = {}
    if roles.name_prefix:
        name = f"{roles.name_prefix}${{AWS::StackName}}-${{AWS::Region}}-{suffix}"
        wanted["RoleName"] = Sub(name)
    if roles.path:
        wanted["Path"] = roles.path
    if roles.boundary:
        wanted["PermissionsBoundary"] = roles.boundary
    return wanted


def _policy(name: str, statements: list[Statement]) -> iam.Policy:
    return iam.Policy(PolicyName=name, PolicyDocument=document(*statements))


def _trust() -> PolicyDocument:
    """Only Lambda takes the role."""
    return document(
        Statement(
            Sid="LetLambdaTakeTheRole",
            Effect=Allow,
            Principal=service("lambda.amazonaws.com"),
            Action=[sts_actions.AssumeRole],
        )
    )
