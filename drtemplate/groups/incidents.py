"""An incident, read from the logs: the query that operators run."""

from troposphere import logs

from drtemplate.groups.functions import Functions
from drtemplate.template import StackTemplate, stack_name

# Each function writes a JSON line for a decision, a transition, an act and a refused call; CloudWatch Logs
# Insights finds their fields by itself.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
INCIDENT_QUERY = """\
fields @timestamp, coalesce(observer, function) as who, event, component,
  coalesce(kind, act, verdict, status, call) as what, writer, coalesce(target, targets.0) as promoted,
  coalesce(reason, error) as why, attempt, token, ms, request
| filter ispresent(event) and event != "NOT_REQUIRED"
| sort @timestamp asc
| limit 1000
"""


def add_incident_query(template: StackTemplate, functions: Functions) -> None:
    """Save the query beside the log groups.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-querydefinition.html
    """
    template.add_resource(
        logs.QueryDefinition(
            "IncidentQuery",
            Name=stack_name("-incident"),
            LogGroupNames=[log_group.ref() for log_group in functions.log_groups],
            QueryString=INCIDENT_QUERY,
        )
    )
