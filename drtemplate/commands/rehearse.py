"""``generate.py rehearse``: a failover and its fail back on a Staging stack, with evidence."""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from drtemplate.commands import FINE, FOUND, add_account_options
from drtemplate.console import Ask, at_terminal, if_heard, printable, show, tell
from drtemplate.deploying.deployed import find_deployed
from drtemplate.deploying.evidence import (
    Measured,
    check_unused,
    evidence,
    measured,
    store_evidence,
)
from drtemplate.deploying.living import Living
from drtemplate.deploying.orchestrator import by_hand, invoke
from drtemplate.deploying.quiet import check_staging, members
from drtemplate.deploying.rehearsal import COMPONENTS, Means, Rehearsal
from drtemplate.errors import DeployError, InputError
from drtemplate.settings import Settings
from drtemplate.world.timings import load_timings

DRAWS = 10_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    add("--stack", required=True, metavar="NAME", help="a Staging stack")
    add(
        "--component",
        action="append",
        choices=COMPONENTS,
        help="move only this one; without it both, which needs servers in both target groups",
    )
    add("--dry-run", action="store_true", help="the checks and both dry runs, and nothing real")
    add("--yes", action="store_true", help="the failover and its fail back without a question")
    add("--output", type=Path, metavar="DIR", help="else build/rehearsal-<stack>-<time>")
    add_account_options(parser)


def run(options: argparse.Namespace, _: Settings) -> int:
    """Rehearse; 1 if it did not end as it should.

    Raises:
        DrTemplateError: the stack is no Staging one, is not quiet, or nobody agrees.
    """
    living = find_deployed(options.stack, options.region, options.endpoint_url, options.profile)
    wanted = tuple(one for one in COMPONENTS if one in (options.component or COMPONENTS))
    means = Means(
        invoke=lambda event: invoke(living, event),
        members=lambda: members(living),
        say=tell,
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        sleep=time.sleep,
    )
    return rehearse(living, means, wanted, options, at_terminal())


def rehearse(
    living: Living,
    means: Means,
    components: tuple[str, ...],
    options: argparse.Namespace,
    ask: Ask | None,
) -> int:
    """Check, run dry both ways, ask, fail over and back, and keep the evidence; the exit code."""
    began = means.now()
    stack = living.target.stack
    folder = options.output or Path("build") / f"rehearsal-{stack}-{began:%Y%m%dT%H%M%SZ}"
    identity = living.account.identity()
    means.say(f"{stack} in account {identity.account}, {living.target.region}, as {identity.arn}")
    check_staging(living)
    rehearsal = Rehearsal(
        means=means, attempt=f"rehearsal-{began:%Y%m%dT%H%M%SZ}", components=components
    )
    for line in rehearsal.check():
        means.say(line)
    if options.dry_run:
        means.say("dry run: nothing was moved")
        return FINE
    check_unused(folder)
    _consent(living, rehearsal, options, ask)
    facts = {
        "stack": stack,
        "account": identity.account,
        "region": living.target.region,
        "caller": identity.arn,
    }
    # Now, while nothing has moved: a folder that cannot be written is no surprise later.
    store_evidence(evidence(facts, rehearsal, [], means.now()), folder)
    return _perform(living, rehearsal, facts, folder)


def _perform(living: Living, rehearsal: Rehearsal, facts: Mapping[str, str], folder: Path) -> int:
    """Fail over and back, keep the evidence, and tell what came of it; the exit code."""
    rehearsal.means = means = replace(rehearsal.means, say=if_heard(rehearsal.means.say))
    try:
        rehearsal.perform()
    except KeyboardInterrupt:
        rehearsal.verdict = (
            "interrupted; the orchestrator sees to its end what it has begun, and no fail back follows by "
            "itself"
        )
    except DeployError as exc:
        rehearsal.verdict = str(exc)
    times = list(measured(rehearsal, beside_assumption))
    code = FINE if rehearsal.held else FOUND
    try:
        page, _ = store_evidence(evidence(facts, rehearsal, times, means.now()), folder)
        kept = f"evidence: {page}"
    except InputError as exc:
        code, kept = FOUND, f"error: the evidence is not whole: {exc}"
    means.say(f"{'' if rehearsal.held else 'error: '}{rehearsal.verdict}")
    if not rehearsal.held:
        means.say(f"look: python generate.py status --stack {living.target.stack}")
        means.say(f"fail back by hand: {by_hand(living, {'action': 'failback'})}")
    means.say(kept)
    for line in _rows(times):
        show(printable(line))
    return code


def _consent(
    living: Living, rehearsal: Rehearsal, options: argparse.Namespace, ask: Ask | None
) -> None:
    """Ask whether it may be done, unless that is said already.

    Raises:
        DeployError: it may not.
    """
    question = (
        f"Fail {living.target.stack} over from {rehearsal.writer} and back ({', '.join(rehearsal.components)})? "
        "Its clients lose their connections twice, people get mails, and a cooldown begins"
    )
    if not options.yes and not (ask and ask(question)):
        raise DeployError("not agreed to, and nothing was moved; off a terminal give --yes")


def beside_assumption(name: str, seconds: float) -> tuple[str, float]:
    """An assumption of the drill in words, and the share of its draws that are shorter than this."""
    timing, random = load_timings().entries[name], Random(1)
    shorter = sum(timing.draw(random) < seconds for _ in range(DRAWS))
    return timing.words, shorter / DRAWS


def _rows(times: list[Measured]) -> Iterator[str]:
    for one in times:
        assumed = f"   {one.assumption}: {one.assumed}" if one.assumption else ""
        yield f"{one.step:<10} {one.seconds:7.1f} s  {one.what}{assumed}"
