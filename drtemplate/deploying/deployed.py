"""A stack as it is deployed: its own template, parameters and resources."""

from typing import Any, cast

import yaml

from drtemplate.cloudformation.document import parse
from drtemplate.deploying.account import Account, account_call, open_account
from drtemplate.deploying.command import Target
from drtemplate.deploying.living import Living, physical_ids
from drtemplate.deploying.location import endpoint_of
from drtemplate.deploying.preflight import look
from drtemplate.errors import DeployError


def deployed_template(account: Account, stack: str) -> dict[str, Any]:
    """The template that the stack was last made or changed with, intrinsics in long form.

    Raises:
        DeployError: CloudFormation does not answer, or what it has cannot be read.
    """
    with account_call(f"ask for the template of {stack}"):
        body = account.cloudformation.get_template(StackName=stack)["TemplateBody"]
        try:
            template = parse(body) if isinstance(body, str) else body
        except (yaml.YAMLError, RecursionError) as exc:
            raise DeployError(f"the template of {stack} cannot be read: it is no YAML") from exc
        if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
            raise DeployError(f"the template of {stack} cannot be read: it has no Resources")
    return cast(dict[str, Any], template)


def find_deployed(
    stack: str, region: str | None, endpoint_url: str | None, profile: str | None
) -> Living:
    """Ask CloudFormation for the stack; only questions are asked.

    Raises:
        DeployError: there is no such stack, or AWS does not answer.
    """
    if endpoint_url is not None:
        endpoint_of(endpoint_url)
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    if not stack.isascii() or not stack.replace("-", "a").isalnum() or not stack[0].isalpha():
        raise DeployError(f"no stack can be called {stack!r}; give letters, digits and hyphens")
    account = open_account(region, endpoint_url, profile)
    target = Target(stack=stack, region=account.region, endpoint_url=endpoint_url, profile=profile)
    found = look(account, target)
    if not found.exists:
        raise DeployError(
            f"there is no stack {stack} in {account.region}, account "
            f"{account.identity().account}; look: aws cloudformation list-stacks"
        )
    return Living(
        account=account,
        target=target,
        stack=found,
        template=deployed_template(account, stack),
        values=found.parameters,
        ids=physical_ids(account, target, found),
    )
