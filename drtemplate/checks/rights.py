"""Who may do what, as docs/security.md tells it: made from the template's roles and resource policies.

``python -m drtemplate.checks.rights`` writes it into the file, between its two marks.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import list_of, of_type
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT

PAGE = PROJECT / "docs" / "security.md"
TEMPLATE = PROJECT / "templates" / "dr-template.yaml"
BEGIN, END = "<!-- rights: begin -->", "<!-- rights: end -->"
# Type -> the property that holds its policy, and the one that names whose it is.
POLICIES = {
    "AWS::KMS::Key": ("KeyPolicy", ""),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument", ""),
}

# A page for each managed policy, with its statements.
MANAGED = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/{name}.html"

Template = Mapping[str, Any]


def rights(template: Template) -> str:
    """Two tables in Markdown: what each role may do, and what each resource lets others do."""
    return "\n".join(
        [
            "| role | for | may | on | only if |",
            "|---|---|---|---|---|",
            *(_row(*one) for one in _role_statements(template)),
            "",
            "| resource | statement | who | may | on, if not the whole of it | only if |",
            "|---|---|---|---|---|---|",
            *(_resource_row(*one) for one in _resource_statements(template)),
        ]
    )


def page(text: str, template: Template) -> str:
    """The page with the tables between its marks.

    Raises:
        InputError: a mark is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InputError(f"{PAGE.name}: the marks {BEGIN} and {END} are missing; put them back")
    return f"{before}{BEGIN}\n\n{rights(template)}\n\n{END}{after}"


def _role_statements(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for title, role in of_type(template, "AWS::IAM::Role"):
        for arn in list_of(role.get("ManagedPolicyArns", [])):
            name = _said(arn).rpartition("/")[2]
            yield title, {"Sid": f"[{name}]({MANAGED.format(name=name)}), managed by AWS"}
        for policy in role.get("Policies", []):
            for statement in list_of(policy["PolicyDocument"]["Statement"]):
                yield title, statement


def _resource_statements(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind, (policy, owner) in POLICIES.items():
        for title, properties in of_type(template, kind):
            whose = _said(list_of(properties[owner])[0]) if owner else title
            for statement in list_of(properties[policy]["Statement"]):
                yield whose, statement
    for title, permission in of_type(template, "AWS::Lambda::Permission"):
        yield (
            _said(permission["FunctionName"]),
            {
                "Sid": title,
                "Effect": "Allow",
                "Principal": {"Service": permission["Principal"]},
                "Action": permission["Action"],
                "Condition": {"ArnLike": {"AWS:SourceArn": permission["SourceArn"]}},
            },
        )


def _row(role: str, statement: Mapping[str, Any]) -> str:
    cells = [
        role,
        statement["Sid"],
        _actions(statement),
        _listed(statement.get("Resource", "")),
        _when(statement),
    ]
    return f"| {' | '.join(cells)} |"


def _resource_row(resource: str, statement: Mapping[str, Any]) -> str:
    who = statement["Principal"]
    named = _listed(next(iter(who.values()))) if isinstance(who, Mapping) else "everybody"
    whole = {"*", resource, f"{resource}.Arn", f"${{{resource}.Arn}}/*"}
    parts = [one for one in list_of(statement.get("Resource", [])) if _said(one) not in whole]
    cells = [
        resource,
        statement["Sid"],
        named,
        _actions(statement),
        _listed(parts),
        _when(statement),
    ]
    return f"| {' | '.join(cells)} |"


def _actions(statement: Mapping[str, Any]) -> str:
    never = "**never** " if statement.get("Effect") == "Deny" else ""
    return never + (
        _listed(statement["Action"]) if "Action" in statement else "what its page lists"
    )


def _when(statement: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{key} {operator} {_listed(values)}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _listed(values: Any) -> str:
    return ", ".join(f"`{_said(one)}`" for one in list_of(values) if one != "")


def _said(value: Any) -> str:
    """A value in words: a reference by the name that it refers to."""
    if isinstance(value, Mapping):
        ((function, inner),) = value.items()
        if function == "Ref":
            return str(inner)
        if function == "Fn::GetAtt":
            return ".".join(inner)
        if function == "Fn::Sub" and isinstance(inner, list):
            return str(inner[0])
    return str(text_of(value) or value).replace("|", "\\|")


def main(path: Path = PAGE) -> None:
    """Write the tables of the rendered template into the page."""
    text = path.read_text(encoding="utf-8")
    path.write_text(page(text, load_template(TEMPLATE)), encoding="utf-8")


if __name__ == "__main__":
    main()
