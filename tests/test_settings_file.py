"""The settings file: what it means, and every fault of it at once."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from refusals import one_line

from drtemplate.choices import choices
from drtemplate.cli import main
from drtemplate.errors import InputError, SettingsError
from drtemplate.groups.handlers import SETTINGS
from drtemplate.pipeline import render
from drtemplate.plans import Automation, DatabasePlan
from drtemplate.settings import PROJECT, Settings
from drtemplate.settings_docs import RECIPES, as_page
from drtemplate.settings_file import MAX_BYTES, load, part_of
from drtemplate.settings_text import as_toml


@pytest.fixture
def file(tmp_path):
    def written(text):
        path = tmp_path / "own.toml"
        path.write_text(text)
        return path

    return written


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A working directory that is not the project's, and where renders go."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "drtemplate.pipeline.default_output", lambda form: tmp_path / f"dr-template.{form}"
    )
    return tmp_path


@pytest.fixture
def no_lint(monkeypatch):
    monkeypatch.setattr("drtemplate.checks.lint.lint", lambda *_: [])


def faults(path):
    with pytest.raises(SettingsError) as caught:
        load(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines), lines
    assert list(caught.value.faults) == lines
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_the_printed_file_means_the_defaults(file):
    assert load(file(as_toml())) == Settings()


def test_what_is_commented_out_in_it_can_be_used(file):
    text = as_toml().replace("# [protection.backups]", "[protection.backups]")
    text = text.replace("# lock = false", "lock = true")
    assert load(file(text)).protection.backups.lock is True


def parts(part=Settings, path=""):
    yield part, path
    for one in fields(part):
        if below := part_of(part, one.name):
            yield from parts(below, f"{path}{one.name}.")


@pytest.mark.parametrize(("part", "path"), [pytest.param(*one, id=one[1]) for one in parts()])
def test_every_field_but_the_folder_of_handlers_is_told_with_meaning_and_rule(part, path):
    known = choices(part)
    assert {one.name for one in fields(part)} - known.keys() <= {
        one.name for one in fields(part) if part_of(part, one.name)
    } | {"handlers"}
    for name, choice in known.items():
        assert choice.meaning, f"{path}{name}"
        assert choice.rule(), f"{path}{name}"


def test_the_page_is_current():
    assert (PROJECT / "docs" / "settings.md").read_text() == as_page()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.wish)
def test_a_recipe_does_what_it_says(file, recipe):
    changed = (
        render(load(file(recipe.toml or "# nothing\n"))).template != render(Settings()).template
    )
    assert changed == bool(recipe.toml)


FAULTS = {
    "an unknown field": (
        "[database]\nreader = 2",
        "database.reader = 2: is no field; the nearest is readers",
    ),
    "a field of the code alone": ('handlers = "x"', "handlers"),
    "an unknown table": ("[zone]\na = 1", "the nearest is zones"),
    "a number in quotes": (
        '[database]\nreaders = "2"',
        'database.readers: "2" is not a whole number',
    ),
    "true for a number": (
        "[database]\nreaders = true",
        "database.readers: true is not a whole number",
    ),
    "a fraction": ("[database]\nreaders = 1.5", "database.readers"),
    "a text for a list": ('regions = "us-east-1"', "regions"),
    "a text for true": ('close_application_egress = "yes"', "true or false"),
    "a date": ("engine_version = 2026-01-01", "engine_version"),
    "a list for a table": ("database = [1]", "database"),
    "too many readers": (
        "[database]\nreaders = 16",
        "16 is not a whole number of instances from 1 to 15",
    ),
    "no reader": ("[database]\nreaders = 0", "from 1 to 15"),
    "a zone for each of other readers": (
        "[database]\nreader_zones = [1, 2]",
        "2 values for 1 readers",
    ),
    "all in the writer's zone": ("[database]\nreader_zones = [1]", "no reader in zone 2"),
    "a window in the other": (
        '[database]\nmaintenance_start = "sun:03:30"',
        "meets the maintenance window",
    ),
    "a window over midnight": (
        '[database]\nbackup_window = "23:30-00:30"\nmaintenance_start = "sun:00:10"',
        "meets the maintenance window sun:00:10-sun:01:10",
    ),
    "a window too short": ('[database]\nbackup_window = "03:00-03:20"', "half an hour"),
    "a block outside": (
        '[addresses]\npublic = ["11.0.1.0/24", "10.0.2.0/24"]',
        "lies outside the VPC",
    ),
    "blocks that overlap": ('[addresses]\npublic = ["10.0.1.0/24", "10.0.10.0/25"]', "overlaps"),
    "zones of another region": ('zones = ["eu-west-1a", "eu-west-1b"]', "none of regions"),
    "zones of two regions": ('zones = ["us-east-1a", "us-west-2b"]', "of several regions"),
    "one zone twice": ('zones = ["us-east-1a", "us-east-1a"]', "one twice"),
    "three zones": ('zones = ["us-east-1a", "us-east-1b", "us-east-1c"]', "3 values"),
    "an ARN of another kind": (
        '[existing]\nkey = "arn:aws:iam::111122223333:role/x"',
        "existing.key: 'arn:aws:iam::111122223333:role/x' is not the ARN of a KMS key",
    ),
    "a key of another region": (
        '[existing]\nkey = "arn:aws:kms:eu-west-1:111122223333:key/1"',
        "existing.key is in eu-west-1",
    ),
    "subnets without a VPC": (
        '[existing]\npublic_subnets = ["subnet-01234567"]',
        "without existing.vpc",
    ),
    "a VPC without subnets": ('[existing]\nvpc = "vpc-01234567"', "public_subnets has 0 subnets"),
    "a bucket for no log": ('[existing]\nlog_bucket = "acme-logs"', "does nothing without a log"),
    "a role for a foreign key": (
        '[existing]\nkey = "arn:aws:kms:us-east-1:111122223333:key/1"\n'
        '[protection]\nkey_deletion_role = "arn:aws:iam::111122223333:role/K"',
        "cannot hold for existing.key",
    ),
    "a prefix too long for buckets": (
        '[names]\nprefix = "ninechars-"\nregion = true',
        "shorten it",
    ),
    "role names that IAM has no room for": (
        '[names]\nprefix = "acme-"\n[roles]\nname_prefix = "twelve-chars"',
        "16 characters",
    ),
    "a prefix of AWS": ('[names]\nprefix = "aws-"', "names.prefix"),
    "no boundary": ('[roles]\nboundary = "Boundary"', "the ARN of an IAM policy"),
    "a path without a slash": ('[roles]\npath = "/x"', "slash at both ends"),
    "an unknown protocol": (
        '[[alert_endpoints]]\nprotocol = "sms"\nendpoint = "1"',
        "alert_endpoints[1].protocol",
    ),
    "no endpoint": (
        '[[alert_endpoints]]\nprotocol = "email"',
        "alert_endpoints[1].endpoint: is missing",
    ),
    "digits of another script": (
        '[existing]\nkey = "arn:aws:kms:us-east-1:\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663:key/1"',
        "is not the ARN of a KMS key",
    ),
    "a letter of another script": ('[roles]\npath = "/pl\u0430tform/"', "slash at both ends"),
    "a line break in a key": ('"a\\nb" = 1', '"a\\nb" = 1: is no field'),
    "an empty key": ('"" = 1', '"" = 1: is no field'),
    "a long value": (f'runtime = "{"x" * 9000}"', "xxx... is not a runtime"),
    "one value of a list": (
        "[database]\nreaders = 2\nreader_zones = [2, 3]",
        "database.reader_zones: 3 is not a whole number from 1 to 2",
    ),
    "host bits": ('[addresses]\nvpc = "10.0.0.1/16"', "write it as 10.0.0.0/16"),
    "addresses of no host": (
        '[addresses]\nvpc = "127.0.0.0/16"\npublic = ["127.0.1.0/24", "127.0.2.0/24"]\n'
        'private = ["127.0.3.0/24", "127.0.4.0/24"]\ndatabase = ["127.0.5.0/24", "127.0.6.0/24"]',
        "that no host can have",
    ),
    "a region twice": ('regions = ["us-east-1", "us-east-1"]', "has one twice"),
    "zones of one region of two": (
        'zones = ["us-east-1a", "us-east-1b"]',
        "name that region alone",
    ),
    "an ARN of another partition": (
        '[roles]\nboundary = "arn:aws-cn:iam::111122223333:policy/x"',
        "roles.boundary is of the partition aws-cn",
    ),
    "a snapshot of an instance": (
        '[protection]\nsnapshot = "arn:aws:rds:us-east-1:111122223333:snapshot:x"',
        "not a cluster snapshot's identifier or ARN",
    ),
    "a snapshot of another region": (
        '[protection]\nsnapshot = "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:x"',
        "protection.snapshot is in eu-west-1",
    ),
    "a subnet of two kinds": (
        '[existing]\nvpc = "vpc-01234567"\npublic_subnets = ["subnet-00000001", "subnet-00000002"]\n'
        'private_subnets = ["subnet-00000003", "subnet-00000004"]\n'
        'database_subnets = ["subnet-00000001", "subnet-00000005"]',
        "subnet-00000001 is a subnet of several kinds",
    ),
    "a retention that logs do not take": ("log_retention_days = 91", "91 is not one of 1, 3"),
}


@pytest.mark.parametrize(("text", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_field_value_and_rule(file, text, told):
    (line, *_) = [line for line in faults(file(text)) if told in line] or [""]
    assert line, faults(file(text))


def test_all_faults_are_told_at_once_and_relations_of_what_is_sound_with_them(file):
    told = faults(
        file(
            'engin_version = "x"\nregions = ["us-east-1"]\nzones = ["us-east-1a", "us-east-1a"]\n'
            "[database]\nreaders = 99\ninstance_class = 3\n[records]\nretention_days = 5\n"
        )
    )
    assert [line.partition(" ")[0] for line in told] == [
        "database.instance_class:",
        "database.readers:",
        "engin_version",
        "records:",
        "zones",
    ]


def test_what_only_a_faulty_field_would_upset_is_not_told(file):
    (only,) = faults(file('[existing]\nkey = "x"\n'))
    assert "ARN of a KMS key" in only


UNREADABLE = {
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "no TOML": ("readers: 2", "is not TOML"),
    "a key twice": ('runtime = "a"\nruntime = "b"', "is not TOML"),
    "huge": (f"# {'x' * MAX_BYTES}", "too large"),
    "deep in a key": (f"{'.'.join('a' * 3000)} = 1", "nested too deeply"),
    "deep": (f"zones = {'[' * 5000}{']' * 5000}", "settings file"),
    "a number without end": (f"log_retention_days = {'9' * 6000}", "settings file"),
}


@pytest.mark.parametrize(("text", "told"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_settings_file_is_refused_in_one_line(file, text, told):
    assert told in one_line(InputError, load, file(text))


def test_a_file_without_end_or_of_nobody_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    one_line(InputError, load, tmp_path / "pipe.toml")
    one_line(InputError, load, Path("/dev/zero"))


def test_a_file_that_is_missing_or_a_folder_is_refused_in_one_line(tmp_path):
    one_line(InputError, load, tmp_path / "none.toml")
    one_line(InputError, load, tmp_path)


# the command line


def test_the_file_in_the_working_directory_is_found(elsewhere, no_lint, capsys):
    (elsewhere / "drtemplate.toml").write_text("[database]\nreaders = 2\n")
    assert main([]) == 0
    assert "Reader2DBInstance" in (elsewhere / "drtemplate.yaml").read_text()
    assert not (elsewhere / "dr-template.yaml").exists()


def test_a_file_with_faults_writes_nothing_and_tells_each_in_a_line(elsewhere, no_lint, capsys):
    (elsewhere / "a.toml").write_text("[database]\nreaders = 0\n")
    (elsewhere / "b.toml").write_text("reader = 0\n")
    (elsewhere / "good.toml").write_text("[database]\nreaders = 2\n")
    words = [word for name in ("good", "a", "b") for word in ("--settings", f"{name}.toml")]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line[:14] for line in err.splitlines()] == ["error: a.toml:", "error: b.toml:"]
    assert not list(elsewhere.glob("*.yaml"))


def test_two_files_are_two_stacks_beside_each_other(elsewhere, no_lint, capsys):
    (elsewhere / "one.toml").write_text("[database]\nreaders = 2\n")
    (elsewhere / "two.toml").write_text("[database]\nreaders = 5\n")
    assert main(["render", "--settings", "one.toml", "--settings", "two.toml"]) == 0
    counts = [
        (elsewhere / f"{name}.yaml").read_text().count("Type: AWS::RDS::DBInstance")
        for name in ("one", "two")
    ]
    assert counts == [3, 6]


def test_two_files_that_say_the_same_are_each_validated(elsewhere, capsys):
    for name in ("one", "two"):
        (elsewhere / f"{name}.toml").write_text('regions = ["us-east-1"]\n')
    assert main(["render", "--settings", "one.toml", "--settings", "two.toml"]) == 0
    assert (elsewhere / "one.yaml").read_text() == (elsewhere / "two.yaml").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["render", "--settings", "one.toml", "--settings", "below/one.toml"],
        ["render", "--settings", "one.toml", "--settings", "two.toml", "--stdout"],
        ["render", "--settings", "dr-template.toml"],
        ["render", "--settings", "one.toml", "--output", "one.toml"],
        ["render", "--settings", "one.toml", "--settings", "./one.toml"],
        ["lint", "--settings", "one.toml", "--settings", "two.toml"],
    ],
)
def test_what_could_only_go_to_one_place_is_refused(elsewhere, no_lint, capsys, words):
    (elsewhere / "below").mkdir()
    for name in ("one", "two", "below/one", "dr-template"):
        (elsewhere / f"{name}.toml").write_text("log_retention_days = 1\n")
    assert main(words) == 2
    assert not list(elsewhere.glob("*.yaml"))
    assert (elsewhere / "one.toml").read_text() == "log_retention_days = 1\n"


def test_equivalence_speaks_of_the_defaults_and_says_so(elsewhere, capsys):
    (elsewhere / "drtemplate.toml").write_text("[database]\nreaders = 2\n")
    assert main(["equivalence"]) == 0
    assert "another stack, and not compared" in capsys.readouterr().err


def test_a_file_is_checked(elsewhere, capsys):
    (elsewhere / "own.toml").write_text(as_toml())
    assert main(["settings", "--check", "own.toml"]) == 0
    (elsewhere / "own.toml").write_text('regions = ["nowhere-1"]\n')
    assert main(["settings", "--check", "own.toml"]) == 2
    assert "unknown region nowhere-1" in capsys.readouterr().err


def test_the_settings_are_printed_whatever_lies_in_the_working_directory(elsewhere, capsys):
    (elsewhere / "drtemplate.toml").write_text("no TOML")
    assert main(["settings"]) == 0
    assert capsys.readouterr().out == as_toml()


def test_a_render_without_a_file_needs_none_of_it():
    code = (
        "import sys\nfrom drtemplate.cli import main\nmain(['render', '--check'])\n"
        "print({'pydantic', 'tomllib', 'drtemplate.settings_file'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, text=True, check=True, capture_output=True
    )
    assert done.stdout == "set()\n"


# what two places must agree on


@pytest.mark.parametrize("one", fields(Automation), ids=lambda one: one.name)
def test_a_threshold_is_within_what_the_handlers_heed_and_by_default_theirs(one):
    choice = choices(Automation)[one.name]
    if (setting := SETTINGS.get(one.name)) is None:
        return
    assert setting.default == one.default
    if setting.allowed:
        assert {choice.least, choice.most} <= {*setting.allowed}


def test_windows_of_all_readers_meet_neither_each_other_nor_the_backup():
    windows = DatabasePlan(readers=15).maintenance_windows()
    assert len(windows) == len(set(windows)) == 17
    assert windows[:3] == ["sun:04:00-sun:05:00", "sun:06:30-sun:07:00", "sun:05:30-sun:06:00"]
