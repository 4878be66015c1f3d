"""Secrets that stand in a template as they are: no value of one is told.

A reference to a parameter, to a secret's ARN or to what Secrets Manager holds is no secret.
"""

import re
from collections.abc import Mapping

from drtemplate.cloudformation.leaves import without_function
from drtemplate.cloudformation.parameters import MASK

# How a property, a variable, a parameter or an output is called that holds a secret. All that the
# schemas call writeOnlyProperties and that must not be read is called so.
_SECRET = re.compile(
    r"(password|passwd|passphrase|secret|secretstring|token|privatekey|sharedkey|secretkey"
    r"|accesskey|apikey|apikeyvalue|authkey|activationkey|hostkeybody|keytab|credential)s?"
)
# A function's ARN, a text that makes a call unique, and counts of a model's tokens.
_OPEN = re.compile(r"(service|client|version|next)token|(http|max|overlap)tokens?")
_INSIDE = re.compile(r"\[[^\[\]]*\]")
_HOLDERS = frozenset(("Default", "Value"))  # the name stands above them


def masked(leaves: Mapping[str, str]) -> dict[str, str]:
    """The leaves of a template, as ``leaves`` has them, with no secret in them."""
    return {
        path: MASK if _is_value(text) and _is_secret(path, leaves) else text
        for path, text in leaves.items()
    }


def _is_value(text: str) -> bool:
    """Whether it is a value of its own, and neither a switch nor a reference to where one is."""
    refers = text.startswith(("!Ref ", "!GetAtt ", "arn:", "!Sub arn:")) or "{{resolve:" in text
    return not refers and text not in ("", "true", "false", "{}", "[]")


def _is_secret(path: str, leaves: Mapping[str, str]) -> bool:
    above = without_function(path)
    bare = above
    while (shorter := _INSIDE.sub("", bare)) != bare:
        bare = shorter
    names = bare.split(".")
    if names[-1] not in _HOLDERS:
        return _names_secret(names[-1])
    holder = above.rpartition(".")[0]
    beside = [leaves.get(f"{holder}.{name}", "") for name in ("Name", "Key", "ParameterKey")]
    return leaves.get(f"{holder}.IsValueSecret") == "true" or any(
        map(_names_secret, (*names[-2:-1], *beside))
    )


def _names_secret(name: str) -> bool:
    plain = re.sub(r"[^a-z]", "", name.lower())
    found = re.search(rf"({_SECRET.pattern})$", plain)
    return found is not None and not re.search(rf"({_OPEN.pattern})$", plain)
