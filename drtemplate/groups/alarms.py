"""How an alarm is made: whom it tells, what it starts, and what it says of itself."""

from dataclasses import dataclass

from troposphere import cloudwatch

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.functions import Functions
from drtemplate.template import StackTemplate, stack_name

COMPARISONS = {">": "GreaterThanThreshold", "<": "LessThanThreshold"}


def alarm_description(meaning: str, chapter: str = "Alerts") -> str:
    """What an alarm means and starts, and the chapter of ``docs/runbook.md`` to read on in.

    AWS takes 1,024 characters.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    return f'{meaning} Runbook, "{chapter}".'


@dataclass(frozen=True, slots=True)
class Alarms:
    """Adds alarms that tell the topic and, where they ``act``, start the orchestrator.

    The action stands on each alarm, not on the composite: an alarm acts when it changes, and the
    composite does not change while another of its alarms stands already.
    """

    template: StackTemplate
    alerts: Alerts
    functions: Functions

    def __call__(
        self,
        title: str,
        suffix: str,
        description: str,
        metric: tuple[str, str, dict[str, object]],
        bad: tuple[str, str, int],
        acts: bool = False,
        passes: bool = True,
        period: int = 60,
        evaluation_periods: int = 2,
        **properties: object,
    ) -> cloudwatch.Alarm:
        """Add one alarm.

        Args:
            title: its logical id.
            suffix: what its name has behind the stack's.
            description: for whoever is on call, by ``alarm_description``.
            metric: namespace, name and dimensions.
            bad: a statistic, > or <, and a threshold: when it stands.
            acts: whether it starts the orchestrator.
            passes: whether people are told too when it ends; what has happened once does not end.
            period: seconds that a data point covers.
            evaluation_periods: how many of them in a row must be bad.
            properties: DependsOn, TreatMissingData.
        """
        namespace, name, dimensions = metric
        statistic, comparison, threshold = bad
        actions = [self.alerts.topic.ref()]
        if acts:
            actions.append(self.functions.orchestrator.get_att("Arn"))
        return self.template.add_resource(
            cloudwatch.Alarm(
                title,
                AlarmName=stack_name(f"-{suffix}"),
                AlarmDescription=description,
                Namespace=namespace,
                MetricName=name,
                Dimensions=[
                    cloudwatch.MetricDimension(Name=key, Value=value)
                    for key, value in dimensions.items()
                ],
                Statistic=statistic,
                Period=period,
                EvaluationPeriods=evaluation_periods,
                ComparisonOperator=COMPARISONS[comparison],
                Threshold=threshold,
                **properties,
                AlarmActions=actions,
                **({"OKActions": [self.alerts.topic.ref()]} if passes else {}),
            )
        )
