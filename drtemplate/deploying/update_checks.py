"""What an update cannot do to the stack that is there, and what of it people should know."""

from collections.abc import Iterator, Mapping

from drtemplate.cloudformation.parameters import MASK
from drtemplate.cloudformation.reading import mapping_of, mappings_of, of_type, target_of
from drtemplate.deploying.account import UnansweredError, account_call
from drtemplate.deploying.living import Living
from drtemplate.deploying.preflight import LATCHED

CONFIRM = "docs/runbook.md#alerts"
# Where these pages had no backtrack for Aurora MySQL; no API tells, and regions may gain it, so this is told
# and refuses nothing.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Backtrack.html
# https://docs.aws.amazon.com/config/latest/developerguide/aurora-mysql-backtracking-enabled.html
_WITHOUT_BACKTRACK = frozenset(
    "af-south-1 ap-east-1 ap-southeast-3 cn-north-1 eu-north-1 eu-south-1 eu-south-2 me-central-1 me-south-1 "
    "sa-east-1 us-gov-east-1 us-gov-west-1".split()
)


def update_problems(living: Living) -> Iterator[str]:
    """Parameters of the database that no update can give another value."""
    kept: Mapping[str, str] = living.stack.parameters if living.stack.exists else {}
    for title, cluster in of_type(living.template, "AWS::RDS::DBCluster"):
        name = target_of(cluster.get("MasterUsername"))[0] or ""
        # Of one that is declared NoEcho, CloudFormation tells only the mask.
        known = name in kept and kept[name] != MASK
        if known and kept[name] != living.values.get(name, kept[name]):
            yield (
                f"{name}: the cluster {title} has the master user {kept[name]!r}, which an update "
                "never changes; leave it as it is, and make another user in the database"
            )
        name = target_of(cluster.get("BacktrackWindow"))[0] or ""
        if name in kept and _number(kept[name]) == 0 < _number(living.values.get(name, "0")):
            yield (
                f"{name}: backtrack is off in the cluster {title}, and can only be turned on when a "
                f"cluster is made; leave {name}=0"
            )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def notes(living: Living) -> Iterator[str]:
    """What is not as it should be in the stack, and stops no deployment."""
    try:
        yield from pending_subscriptions(living)
        yield from _blind_health_checks(living)
    except UnansweredError as exc:
        yield f"not checked: subscriptions and health checks: {exc}"
    yield from backtrack_notes(living)


def backtrack_notes(living: Living) -> Iterator[str]:
    """Regions that would refuse a cluster with backtrack, or the copy of its snapshot.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Backtrack.html
    """
    windows = [
        living.text(cluster.get("BacktrackWindow", ""))
        for _, cluster in of_type(living.template, "AWS::RDS::DBCluster")
    ]
    if not any(_number(window) for window in windows):
        return
    here = living.target.region
    if here in _WITHOUT_BACKTRACK and not living.stack.exists:
        yield (
            f"note: RDS offered no backtrack in {here} when its page was read, and then refuses the "
            "cluster half-way; BacktrackWindow=0 leaves it off"
        )
    for region in sorted(_copied_to(living) & _WITHOUT_BACKTRACK):
        yield (
            f"note: the backups are copied to {region}, where RDS offered no backtrack when its page was "
            "read: there it restores no snapshot of a cluster that has it; copy to another region, or make "
            "the cluster with BacktrackWindow=0"
        )


def _copied_to(living: Living) -> set[str]:
    """The regions of the vaults to which plans copy."""
    return {
        living.text(copy.get("DestinationBackupVaultArn")).split(":")[3]
        for _, plan in of_type(living.template, "AWS::Backup::BackupPlan")
        for rule in mappings_of(mapping_of(plan.get("BackupPlan")).get("BackupPlanRule"))
        for copy in mappings_of(rule.get("CopyActions"))
    }


def pending_subscriptions(living: Living) -> Iterator[str]:
    """Whoever has not confirmed that they want the alerts.

    Raises:
        DeployError: SNS does not answer.
    """
    for title, _ in of_type(living.template, "AWS::SNS::Topic"):
        if title not in living.ids:
            continue
        with account_call(f"ask for the subscriptions of {title}"):
            told = living.account.client("sns").list_subscriptions_by_topic(
                TopicArn=living.ids[title]
            )
            for one in told["Subscriptions"]:
                if not one["SubscriptionArn"].startswith("arn:"):
                    yield (
                        f"note: {one['Endpoint']} has not confirmed the subscription to {title}, "
                        f"and gets no alert ({CONFIRM})"
                    )


def _blind_health_checks(living: Living) -> Iterator[str]:
    """Health checks that are Disabled and not Inverted: healthy, whatever happens.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHealthCheck.html
    """
    for title, _ in of_type(living.template, "AWS::Route53::HealthCheck"):
        if title not in living.ids:
            continue
        with account_call(f"ask for the health check {title}"):
            told = living.account.route53.get_health_check(HealthCheckId=living.ids[title])
            config = told["HealthCheck"]["HealthCheckConfig"]
        if config.get("Disabled") and not config.get("Inverted"):
            latch = " and it is no latch" if title == LATCHED else ""
            yield (
                f"note: {title} is Disabled: Route 53 never looks, and takes it for healthy{latch}; "
                f"aws route53 update-health-check --health-check-id {living.ids[title]} --no-disabled"
            )
