"""AWS's chat service, which moto 5.2.5 does not have: channels, and the topics that they hear."""

import json
from typing import Any

CONFIGURATIONS: dict[str, dict[str, dict[str, Any]]] = {}  # account -> ARN -> as it was asked for
# https://docs.aws.amazon.com/chatbot/latest/APIReference/API_Operations.html
PATHS = {
    "/create-slack-channel-configuration",
    "/describe-slack-channel-configurations",
    "/delete-slack-channel-configuration",
}


def answer(account: str, path: str, given: dict[str, Any]) -> tuple[str, bytes]:
    """The HTTP status and the body of the answer to one request."""
    kept = CONFIGURATIONS.setdefault(account, {})
    if path.startswith("/describe"):
        return "200 OK", _body(SlackChannelConfigurations=list(kept.values()))
    if path.startswith("/delete"):
        kept.pop(given["ChatConfigurationArn"], None)
        return "204 No Content", b""
    arn = (
        f"arn:aws:chatbot::{account}:chat-configuration/slack-channel/{given['ConfigurationName']}"
    )
    if arn in kept:
        return "409 Conflict", _body(message=f"{given['ConfigurationName']} exists already")
    kept[arn] = {"ChatConfigurationArn": arn} | given
    return "201 Created", _body(ChannelConfiguration=kept[arn])


def _body(**content: Any) -> bytes:
    return json.dumps(content).encode()
