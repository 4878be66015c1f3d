"""AWS Backup for what holds data, with a copy elsewhere and a lock; made if a setting asks.

The account has to let AWS Backup manage Aurora, DynamoDB (with its advanced features, for the copy) and S3.
https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
"""

from awacs import sts as sts_actions
from awacs.aws import Allow
from troposphere import RetainExceptOnCreate, Sub, backup, events, iam

from drtemplate.controls import LONGEST, Backups
from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.key_loss import EVENT_AGE, EVENT_RETRIES
from drtemplate.groups.policies import Statement, document, service
from drtemplate.groups.roles import role_properties
from drtemplate.groups.state import State
from drtemplate.groups.storage import Storage
from drtemplate.plans import Roles
from drtemplate.template import StackTemplate, stack_name

# Of Aurora it may begin at any time, also within the database's own windows.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html
SCHEDULE = "cron(0 2 * * ? *)"
# How a job ends that leaves no recovery point, or no copy of it.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
FAILURES = ["FAILED", "ABORTED", "EXPIRED"]


def add_backups(
    template: StackTemplate,
    encryption: Encryption,
    database: Database,
    state: State,
    storage: Storage,
    alerts: Alerts,
    wanted: Backups | None,
    roles: Roles,
) -> None:
    """Add vault, plan, role, selection and the rule that tells of failures, if they are wanted."""
    if wanted is None:
        return
    vault = _add_vault(template, encryption, wanted)
    plan = _add_plan(template, vault, wanted)
    role = _add_role(template, roles)
    template.add_resource(
        backup.BackupSelection(
            "BackupSelection",
            BackupPlanId=plan.ref(),
            BackupSelection=backup.BackupSelectionResourceType(
                SelectionName="data",
                IamRoleArn=role.get_att("Arn"),
                Resources=[
                    database.cluster.get_att("DBClusterArn"),
                    *(one.get_att("Arn") for one in (state.sessions, state.failover)),
                    *(one.get_att("Arn") for one in (storage.artifacts, storage.configuration)),
                ],
            ),
        )
    )
    _add_failure_rule(template, role, alerts)


def _add_vault(
    template: StackTemplate, encryption: Encryption, wanted: Backups
) -> backup.BackupVault:
    lock = {
        "LockConfiguration": backup.LockConfigurationType(
            MinRetentionDays=wanted.retention_days,
            MaxRetentionDays=LONGEST,
            ChangeableForDays=wanted.lock_grace_days,
        )
    }
    return template.add_resource(
        backup.BackupVault(
            "BackupVault",
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            BackupVaultName=stack_name("-backups"),
            EncryptionKeyArn=encryption.data.get_att("Arn"),
            **(lock if wanted.lock else {}),
        )
    )


def _add_plan(
    template: StackTemplate, vault: backup.BackupVault, wanted: Backups
) -> backup.BackupPlan:
    kept = backup.LifecycleResourceType(DeleteAfterDays=wanted.retention_days)
    copies = [
        backup.CopyActionResourceType(DestinationBackupVaultArn=wanted.copy_to, Lifecycle=kept)
    ]
    return template.add_resource(
        backup.BackupPlan(
            "BackupPlan",
            BackupPlan=backup.BackupPlanResourceType(
                BackupPlanName=stack_name("-backups"),
                BackupPlanRule=[
                    backup.BackupRuleResourceType(
                        RuleName="daily",
                        TargetBackupVault=vault.ref(),
                        ScheduleExpression=SCHEDULE,
                        Lifecycle=kept,
                        **({"CopyActions": copies} if wanted.copy_to else {}),
                    )
                ],
            ),
        )
    )


def _add_role(template: StackTemplate, roles: Roles) -> iam.Role:
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForS3Backup.html
    policies = (
        "service-role/AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForS3Backup",
    )
    return template.add_resource(
        iam.Role(
            "BackupRole",
            **role_properties(roles, "backup"),
            AssumeRolePolicyDocument=document(
                Statement(
                    Sid="LetBackupTakeTheRole",
                    Effect=Allow,
                    Principal=service("backup.amazonaws.com"),
                    Action=[sts_actions.AssumeRole],
                )
            ),
            ManagedPolicyArns=[
                Sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{one}") for one in policies
            ],
        )
    )


def _add_failure_rule(template: StackTemplate, role: iam.Role, alerts: Alerts) -> None:
    """Tell people of a job of this plan, by its role, that failed; a backup that fails hurts nobody today."""
    template.add_resource(
        events.Rule(
            "BackupFailureRule",
            Description="Tell of backups and copies that failed",
            EventPattern={
                "source": ["aws.backup"],
                "detail-type": ["Backup Job State Change", "Copy Job State Change"],
                "detail": {"state": FAILURES, "iamRoleArn": [role.get_att("Arn")]},
            },
            State="ENABLED",
            Targets=[
                events.Target(
                    Id="BackupFailureTarget",
                    Arn=alerts.topic.ref(),
                    RetryPolicy=events.RetryPolicy(
                        MaximumEventAgeInSeconds=EVENT_AGE, MaximumRetryAttempts=EVENT_RETRIES
                    ),
                )
            ],
        )
    )
