"""How IAM compares: wildcards, ARNs and the operators of conditions.

Values may be as deployed or the texts of a Sub. What is not in ``OPERATORS`` is not known here.
"""

import re
from collections.abc import Callable

# A colon, but not one of ``${AWS::Region}`` or of a policy variable.
_COLON = re.compile(r":(?![^{}]*\})")


def like(pattern: str, text: str) -> bool:
    """``*`` for any number of characters, ``?`` for one, and no other wildcard."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Each of the six components of an ARN by itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    patterns, parts = _COLON.split(pattern, 5), _COLON.split(arn, 5)
    return len(patterns) == len(parts) == 6 and all(map(like, patterns, parts))


def _same(wanted: str, given: str) -> bool:
    return wanted.lower() == given.lower()


# Operator -> whether what a condition wants holds for what a request carries.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": _same,
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": _same,
}
