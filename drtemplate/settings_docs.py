"""``docs/settings.md``: what to write for each wish, then every field."""

from dataclasses import dataclass

from drtemplate.settings_text import as_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A wish, and what a settings file has for it.

    Attributes:
        wish: what somebody wants, as a title.
        toml: the lines for it.
        mind: what else there is to know.
    """

    wish: str
    toml: str
    mind: str


HEAD = """# Settings

An organisation makes the stack its own by a file, without touching code, ledger or tests:

```sh
python generate.py settings > drtemplate.toml
python generate.py settings --check drtemplate.toml
python generate.py render
```

`drtemplate.toml` is found in the working directory; `--settings FILE` names another one, for every command. What a
file leaves out is as in the defaults, and nothing comes from the environment. A file is checked whole before anything is
built: every fault is a line with the field, the value and the rule, and nothing is written.

The render of `staging.toml` goes to `templates/staging.yaml`; `templates/dr-template.yaml` stays what the defaults
render. Several stacks in one call are written beside each other:

```sh
python generate.py --settings examples/staging/staging.toml --settings examples/bank/bank.toml
```

`equivalence` and the ledger speak of the defaults alone: other settings are another stack, which is validated in every other
way. What a deployer chooses (domain, environment, retention, arming) is a parameter of the template, not a setting; tags are
the stack's: `deploy --tags` gives them.

Made by `generate.py docs settings`.

## Wishes
"""
RECIPES = (
    Recipe(
        wish="Other CIDR blocks",
        toml="""\
[addresses]
vpc = "172.20.0.0/20"
public = ["172.20.0.0/26", "172.20.0.64/26"]
private = ["172.20.4.0/22", "172.20.8.0/22"]
database = ["172.20.1.0/28", "172.20.1.16/28"]
""",
        mind="For a new stack: on a live one another block replaces subnets, and with them the database.",
    ),
    Recipe(
        wish="Another instance class",
        toml="""\
[database]
instance_class = "db.r6g.2xlarge"
""",
        mind="On a live stack each instance restarts: fail over between, or do it in a quiet hour.",
    ),
    Recipe(
        wish="More readers",
        toml="""\
[database]
readers = 3
reader_zones = [2, 1, 2]
reader_tiers = [1, 2, 2]
""",
        mind="The automation promotes the healthy reader of the lowest tier, probes each, and fails back to where "
        "the writer was.",
    ),
    Recipe(
        wish="Tags",
        toml="",
        mind="No setting: tags of the stack reach every resource that can have them: "
        "`deploy --tags cost-centre=4711 owner=payments`.",
    ),
    Recipe(
        wish="A permissions boundary",
        toml="""\
[roles]
boundary = "arn:aws:iam::111122223333:policy/Boundary"
path = "/platform/"
name_prefix = "acme-"
""",
        mind="With `name_prefix` a deployment needs `CAPABILITY_NAMED_IAM`, which `deploy` gives by itself. "
        "The boundary must allow what the roles' policies allow.",
    ),
    Recipe(
        wish="Another retention",
        toml="""\
[database]
backup_retention_days = 14

[protection]
retention_days = 3650
retention_floor_days = 2555
""",
        mind="`DataRetentionDays` stays a parameter: this sets its default and the least that it may be.",
    ),
    Recipe(
        wish="Another retention of logs",
        toml="log_retention_days = 365\n",
        mind="CloudWatch Logs takes certain numbers of days alone.",
    ),
    Recipe(
        wish="Zones by name",
        toml="""\
regions = ["us-east-1"]
zones = ["us-east-1a", "us-east-1c"]
""",
        mind="For a new stack, or with the zones that a live one has: others replace its subnets. What `Fn::GetAZs` "
        "lists can change; a name cannot.",
    ),
    Recipe(
        wish="A second stack of the same name in another region",
        toml="""\
[names]
region = true
""",
        mind="Buckets and dashboards have names that no two regions may share. For a new stack: a changed name "
        "replaces.",
    ),
    Recipe(
        wish="The organisation's network, key, certificate and bucket of logs",
        toml="""\
regions = ["us-east-1"]
zones = ["us-east-1a", "us-east-1b"]

[addresses]
vpc = "10.40.0.0/16"
public = ["10.40.1.0/24", "10.40.2.0/24"]
private = ["10.40.10.0/24", "10.40.11.0/24"]
database = ["10.40.20.0/24", "10.40.21.0/24"]

[existing]
vpc = "vpc-0123456789abcdef0"
public_subnets = ["subnet-0a000000000000001", "subnet-0a000000000000002"]
private_subnets = ["subnet-0b000000000000001", "subnet-0b000000000000002"]
database_subnets = ["subnet-0c000000000000001", "subnet-0c000000000000002"]
key = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
certificate = "arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
log_bucket = "acme-access-logs"

[records]
load_balancer_logs = true
""",
        mind="`[addresses]` says the blocks that the subnets have: the security groups name them. The private subnets "
        "need a way out to AWS, each by its own zone, or both observers go blind with one. The alerts keep a key of the "
        "stack's own, so that the loss of one key does not silence the other.",
    ),
    Recipe(
        wish="Backups that nobody here can delete",
        toml="""\
[protection.backups]
retention_days = 90
copy_to = "arn:aws:backup:eu-west-1:111122223333:backup-vault:payments-copies"
lock = true
""",
        mind="The vault of the copies must be there before; what the account needs besides stands in "
        "[security.md](security.md#off-by-default-and-how-to-turn-it-on).",
    ),
    Recipe(
        wish="Further readers of the alerts",
        toml="""\
[[alert_endpoints]]
protocol = "https"
endpoint = "https://alerts.bank.example/sns"

[[alert_endpoints]]
protocol = "slack"
endpoint = "T01ABCDEF/C01ABCDEF"
""",
        mind="Mail and HTTPS confirm. Slack, by the ids of workspace and channel, shows alarms and events, and not the "
        "orchestrator's mails.",
    ),
)


def as_page() -> str:
    """The page in Markdown."""
    wishes = "\n".join(map(_recipe, RECIPES))
    return f"{HEAD}\n{wishes}\n## Every field\n\n{as_tables()}"


def _recipe(recipe: Recipe) -> str:
    code = f"```toml\n{recipe.toml}```\n\n" if recipe.toml else ""
    return f"### {recipe.wish}\n\n{code}{recipe.mind}\n"
