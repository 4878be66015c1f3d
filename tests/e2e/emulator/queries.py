"""Saved queries of CloudWatch Logs Insights, which moto 5.2.5 does not have."""

import json
from typing import Any

from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random


def _kept(backend: LogsBackend) -> dict[str, dict[str, Any]]:
    """The queries of the account, by id."""
    found: dict[str, dict[str, Any]] = vars(backend).setdefault("query_definitions", {})
    return found


def _put(self: LogsResponse) -> str:
    given = json.loads(self.body)
    name = given.setdefault("queryDefinitionId", str(mock_random.uuid4()))
    _kept(self.logs_backend)[name] = given
    return json.dumps({"queryDefinitionId": name})


def _describe(self: LogsResponse) -> str:
    return json.dumps({"queryDefinitions": list(_kept(self.logs_backend).values())})


def _delete(self: LogsResponse) -> str:
    gone = _kept(self.logs_backend).pop(self._get_param("queryDefinitionId"), None)
    return json.dumps({"success": gone is not None})


def mend_queries() -> None:
    """Let the emulator keep saved queries."""
    LogsResponse.put_query_definition = _put
    LogsResponse.describe_query_definitions = _describe
    LogsResponse.delete_query_definition = _delete
