"""What physical names and roles have beside the stack's name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check, flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What physical names have beside the stack's name. Set for a new stack: a change replaces.

    Raises:
        SettingsError: a value cannot begin a name.
    """

    __pydantic_config__: ClassVar = STRICT

    prefix: Annotated[
        str,
        Choice(
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
            meaning="stands before the stack's name in every physical name but those of load balancers "
            "and target groups: of their 32 characters none is left, and the stack's name, which no other "
            "stack of the account and region has, sets them apart",
            pattern=re.compile(r"(?!aws|ssm|internal-|sthree-|amzn-s3)[a-z][a-z0-9]{0,8}-"),
            empty=True,
            wanted="a word of at most 9 lower-case letters and digits and a hyphen, not beginning "
            "with aws, ssm or internal",
        ),
    ] = ""
    region: Annotated[
        bool,
        flag(
            "the region stands in names that no two regions may share: buckets and the dashboard; so "
            "stacks of one name can live in several"
        ),
    ] = False

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        # Of the 63 characters of a bucket's name, stack, suffix, account and region take 58.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        if self.region and len(self.prefix) > 5:
            yield (
                f"names.prefix {self.prefix!r} is too long with names.region: buckets have room for "
                "five characters; shorten it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What an organisation asks of every IAM role.

    Raises:
        SettingsError: a value is none of its kind.
    """

    __pydantic_config__: ClassVar = STRICT

    boundary: Annotated[
        str,
        Choice(
            meaning="the permissions boundary of every role",
            pattern=re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]{1,512}"),
            empty=True,
            wanted="the ARN of an IAM policy",
        ),
    ] = ""
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    path: Annotated[
        str,
        Choice(
            meaning="the path of every role",
            pattern=re.compile(r"/([\w+=,.@-]{1,60}/){1,5}", re.ASCII),
            empty=True,
            wanted="a path with a slash at both ends, such as /platform/",
        ),
    ] = ""
    name_prefix: Annotated[
        str,
        Choice(
            meaning="begins every role's name, before stack and region; empty: CloudFormation names "
            "them. With it a deployment needs CAPABILITY_NAMED_IAM",
            pattern=re.compile(r"[\w+=,.@-]{1,12}", re.ASCII),
            empty=True,
            wanted="at most 12 letters, digits or any of _+=,.@-",
        ),
    ] = ""

    def __post_init__(self) -> None:
        check(self)
