"""What AWS Backup's plans select, and what it asks of their role, which moto 5.2.5 does not have."""

import json
from typing import Any

from moto.backup.exceptions import InvalidParameterValueException, InvalidRequestException
from moto.backup.models import BackupBackend, Plan
from moto.backup.responses import BackupResponse
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

SERVICE = "backup.amazonaws.com"
DELETE_PLAN = BackupBackend.delete_backup_plan


def _kept(plan: Plan) -> dict[str, dict[str, Any]]:
    """The selections of a plan, by id."""
    found: dict[str, dict[str, Any]] = vars(plan).setdefault("selections", {})
    return found


def _asked(self: BackupResponse) -> tuple[Plan, str]:
    """The plan of a request's path, and what stands behind ``selections/``: an id, or nothing."""
    plan, _, selection = self.path.partition("/plans/")[2].partition("/selections/")
    return self.backup_backend.get_backup_plan(plan, None), selection


def _create(self: BackupResponse) -> str:
    plan, _ = _asked(self)
    wanted = json.loads(self.body)["BackupSelection"]
    _check_role(self.current_account, wanted["IamRoleArn"])
    selection = str(mock_random.uuid4())
    _kept(plan)[selection] = wanted
    return json.dumps({"SelectionId": selection, "BackupPlanId": plan.backup_plan_id})


def _check_role(account: str, arn: str) -> None:
    """AWS Backup takes a role only if it may.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
    """
    roles = iam_backends[account]["aws"].roles.values()
    document = next((r.assume_role_policy_document for r in roles if r.arn == arn), "{}")
    named = [one["Principal"] for one in json.loads(document).get("Statement", ())]
    if {"Service": SERVICE} not in named:
        raise InvalidParameterValueException(
            msg=f"IAM Role {arn} does not have sufficient permissions to execute the backup"
        )


def _get(self: BackupResponse) -> str:
    plan, selection = _asked(self)
    return json.dumps({"SelectionId": selection, "BackupSelection": _kept(plan)[selection]})


def _delete(self: BackupResponse) -> str:
    plan, selection = _asked(self)
    _kept(plan).pop(selection, None)
    return "{}"


def _delete_plan(backend: BackupBackend, backup_plan_id: str) -> Any:
    """A plan goes after its selections."""
    if _kept(backend.get_backup_plan(backup_plan_id, None)):
        raise InvalidRequestException(
            msg="Related backup plan selections must be deleted prior to backup plan deletion"
        )
    return DELETE_PLAN(backend, backup_plan_id)


def mend_selections() -> None:
    """Let plans of AWS Backup select."""
    BackupResponse.create_backup_selection = _create
    BackupResponse.get_backup_selection = _get
    BackupResponse.delete_backup_selection = _delete
    BackupBackend.delete_backup_plan = _delete_plan
