"""Types that watch and act: roles, functions, rules, alarms, topics, parameters, logs."""

import io
import re
import zipfile
from typing import Any

from emulator.kinds import Kind, Refused, Resource, call, document
from emulator.network import constant, either, ident, ident_list, physical_name, prop

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
RULE_OPERAND = re.compile(r"""(?:ALARM|OK|INSUFFICIENT_DATA)\(["']?([^"')]+)["']?\)""")


def zipped(code: dict[str, Any]) -> dict[str, Any]:
    """Inline code as the deployment package that Lambda makes of it: ``index.py`` in a zip."""
    if code.keys() != {"ZipFile"}:
        return code
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), code["ZipFile"])
    return {"ZipFile": buffer.getvalue()}


def secure_string_check(resource: Resource) -> None:
    """CloudFormation makes no SecureString.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
    """
    if resource.properties.get("Type") not in {"String", "StringList"}:
        raise Refused("Parameters of type SecureString are not supported by CloudFormation")


def rule_check(resource: Resource) -> None:
    """A composite alarm's rule names alarms that exist."""
    named = set(RULE_OPERAND.findall(resource.properties.get("AlarmRule", "")))
    found = resource.client("cloudwatch").describe_alarms(AlarmNames=sorted(named))
    lacking = sorted(named - {one["AlarmName"] for one in found["MetricAlarms"]})
    if lacking or not named:
        raise Refused(f"Could not find alarms [{', '.join(lacking)}] of the alarm rule")


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    """A map of tags as a list of pairs."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


ROLE = Kind(
    type="AWS::IAM::Role",
    service="iam",
    create=call(
        "create_role", "AssumeRolePolicyDocument Description Tags", RoleName=physical_name(64)
    ),
    identity="Role.RoleName",
    then=(
        call("attach_role_policy", each="ManagedPolicyArns>PolicyArn", RoleName=ident),
        call("put_role_policy", each="Policies", RoleName=ident),
    ),
    attributes={"Arn": "Role.Arn", "RoleId": "Role.RoleId"},
    delete=(
        call("detach_role_policy", each="ManagedPolicyArns>PolicyArn", RoleName=ident),
        call("delete_role_policy", each="Policies.PolicyName>PolicyName", RoleName=ident),
        call("delete_role", RoleName=ident),
    ),
    convert={
        "AssumeRolePolicyDocument": document,
        "Policies": lambda policies: [
            one | {"PolicyDocument": document(one["PolicyDocument"])} for one in policies
        ],
    },
)

LOG_GROUP = Kind(
    type="AWS::Logs::LogGroup",
    service="logs",
    create=call("create_log_group", "LogGroupName>logGroupName KmsKeyId>kmsKeyId"),
    identity=prop("LogGroupName"),
    then=(call("put_retention_policy", "RetentionInDays>retentionInDays", logGroupName=ident),),
    read=call("describe_log_groups", logGroupNamePrefix=ident),
    attributes={"Arn": "logGroups[0].arn"},
    delete=(call("delete_log_group", logGroupName=ident),),
)

CONFIGURATION = "MemorySize Role LoggingConfig Timeout VpcConfig Environment Handler Runtime"
FUNCTION = Kind(
    type="AWS::Lambda::Function",
    service="lambda",
    create=call("create_function", f"FunctionName Code Tags {CONFIGURATION}"),
    identity="FunctionName",
    read=call("get_function", FunctionName=ident),
    attributes={"Arn": "Configuration.FunctionArn"},
    update=(
        call("update_function_configuration", CONFIGURATION, FunctionName=ident),
        call("update_function_code", "Code>.", FunctionName=ident),
    ),
    delete=(call("delete_function", FunctionName=ident),),
    convert={"Code": zipped},
)

INVOKE_CONFIG = Kind(
    type="AWS::Lambda::EventInvokeConfig",
    service="lambda",
    create=call(
        "put_function_event_invoke_config",
        "FunctionName Qualifier MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig",
    ),
    identity=either(prop("FunctionName"), prop("Qualifier")),
    delete=(
        call(
            "delete_function_event_invoke_config",
            FunctionName=prop("FunctionName"),
            Qualifier=prop("Qualifier"),
        ),
    ),
)

PERMISSION = Kind(
    type="AWS::Lambda::Permission",
    service="lambda",
    create=call(
        "add_permission",
        "FunctionName Action Principal SourceArn SourceAccount",
        StatementId=physical_name(100),
    ),
    identity=physical_name(100),
    delete=(call("remove_permission", FunctionName=prop("FunctionName"), StatementId=ident),),
)

RULE = Kind(
    type="AWS::Events::Rule",
    service="events",
    create=call(
        "put_rule",
        "Description ScheduleExpression EventPattern State",
        Name=physical_name(64),
    ),
    identity=physical_name(64),
    then=(call("put_targets", "Targets", Rule=ident),),
    attributes={"Arn": "RuleArn"},
    delete=(
        call(
            "remove_targets", Rule=ident, Ids=lambda r: [t["Id"] for t in r.properties["Targets"]]
        ),
        call("delete_rule", Name=ident),
    ),
    convert={"EventPattern": document},
)

ALARM_PROPERTIES = (
    "AlarmName AlarmDescription MetricName Namespace Statistic Threshold ComparisonOperator"
    " Dimensions AlarmActions Period EvaluationPeriods TreatMissingData"
)
ALARM = Kind(
    type="AWS::CloudWatch::Alarm",
    service="cloudwatch",
    create=call("put_metric_alarm", ALARM_PROPERTIES),
    identity=prop("AlarmName"),
    read=call("describe_alarms", AlarmNames=ident_list),
    attributes={"Arn": "MetricAlarms[0].AlarmArn"},
    update=(call("put_metric_alarm", ALARM_PROPERTIES),),
    refresh=True,
    delete=(call("delete_alarms", AlarmNames=ident_list),),
)

COMPOSITE_ALARM = Kind(
    type="AWS::CloudWatch::CompositeAlarm",
    service="cloudwatch",
    create=call(
        "put_composite_alarm", "AlarmName AlarmDescription ActionsEnabled AlarmActions AlarmRule"
    ),
    identity=prop("AlarmName"),
    delete=(call("delete_alarms", AlarmNames=ident_list),),
    check=rule_check,
)

DASHBOARD = Kind(
    type="AWS::CloudWatch::Dashboard",
    service="cloudwatch",
    create=call("put_dashboard", "DashboardName DashboardBody"),
    identity=prop("DashboardName"),
    update=(call("put_dashboard", "DashboardName DashboardBody"),),
    refresh=True,
    delete=(call("delete_dashboards", DashboardNames=ident_list),),
)

TOPIC = Kind(
    type="AWS::SNS::Topic",
    service="sns",
    create=call(
        "create_topic",
        "TopicName>Name DisplayName>Attributes.DisplayName"
        " KmsMasterKeyId>Attributes.KmsMasterKeyId Tags",
    ),
    identity="TopicArn",
    then=(call("subscribe", each="Subscription", TopicArn=ident),),
    attributes={"TopicArn": "TopicArn", "TopicName": prop("TopicName")},
    delete=(call("delete_topic", TopicArn=ident),),
)

TOPIC_POLICY = Kind(
    type="AWS::SNS::TopicPolicy",
    service="sns",
    create=call(
        "set_topic_attributes",
        "PolicyDocument>AttributeValue",
        each="Topics>TopicArn",
        AttributeName=constant("Policy"),
    ),
    identity=physical_name(64),
    convert={"PolicyDocument": document},
)

PARAMETER = Kind(
    type="AWS::SSM::Parameter",
    service="ssm",
    create=call("put_parameter", "Name Type Value Description Tags"),
    identity=prop("Name"),
    attributes={"Type": prop("Type"), "Value": prop("Value")},
    update=(
        call("put_parameter", "Name Type Value Description", Overwrite=constant(True)),
        call(
            "add_tags_to_resource",
            "Tags",
            ResourceType=constant("Parameter"),
            ResourceId=ident,
        ),
    ),
    refresh=True,
    delete=(call("delete_parameter", Name=ident),),
    convert={"Tags": pairs},
    check=secure_string_check,
)

KINDS = (
    ROLE,
    LOG_GROUP,
    FUNCTION,
    INVOKE_CONFIG,
    PERMISSION,
    RULE,
    ALARM,
    COMPOSITE_ALARM,
    DASHBOARD,
    TOPIC,
    TOPIC_POLICY,
    PARAMETER,
)
