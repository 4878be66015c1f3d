"""What a function's inline Python says about itself: its waits, its metrics, its calls.

Read from the syntax tree, never run. A wait is seen if it is written with numbers or with names
that are given numbers: a clock or ``get_remaining_time_in_millis`` compared with them, ``sleep``,
and the time-outs of botocore's ``Config``. What is computed from data is not seen, nor the sum of
several slow calls, nor the pause before a call's next attempt.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from drtemplate.checks.rules.syntax import (
    assignments,
    called_name,
    has_item,
    items,
    number_in,
)

CLOCKS = frozenset({"time", "monotonic", "perf_counter"})
REMAINING = "get_remaining_time_in_millis"
# botocore's own: seconds to connect, seconds between two reads, attempts in the legacy mode.
# https://docs.aws.amazon.com/botocore/latest/reference/config.html
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
CONNECT, READ, ATTEMPTS = 60.0, 60.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Facts about a handler; times in seconds.

    Attributes:
        waits: the longest wait from its begin to its end; 0 if there is none.
        pause: the longest single sleep.
        reserve: what a wait leaves of Lambda's remaining time; None if none looks at that.
        call: what one API call may take, every attempt hung; 0 without a client.
        words: every text and every keyword in it.
        computes_metrics: whether a metric's namespace or name is neither a text nor a plain name.
        fine: whether it publishes metrics with a StorageResolution of 1 second.
        asynchronous: whether it invokes a function asynchronously.
        watches: the longest wait for which it watches a clock or counts rounds; 0 if there is none.
    """

    waits: float
    watches: float
    pause: float
    reserve: float | None
    call: float
    words: frozenset[str]
    fine: bool
    computes_metrics: bool
    asynchronous: bool


@lru_cache(maxsize=16)
def read_code(text: str) -> Code | None:
    """Read a handler; None if it is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return None
    compares = [node for node in nodes if isinstance(node, ast.Compare)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    loops = [node for node in nodes if isinstance(node, ast.For)]
    pairs = [node for node in nodes if isinstance(node, ast.keyword | ast.Dict)]
    assigned = list(assignments(nodes))
    numbers = _numbers(assigned)
    reserves = [seconds for node in compares for seconds in _reserves(node, numbers)]
    pauses = [seconds for node in calls for seconds in _sleep(node, numbers)]
    # Outside a loop, a clock and a number tell how old something is.
    loops_on = [node for node in nodes if isinstance(node, ast.While)]
    in_loops = [one for node in loops_on for one in ast.walk(node) if isinstance(one, ast.Compare)]
    waits = [seconds for node in in_loops for seconds in _until(node, numbers)]
    waits += [seconds for node in loops for seconds in _rounds(node, numbers)]
    words = {node.value for node in nodes if isinstance(node, ast.Constant)}
    words |= {node.arg for node in pairs if isinstance(node, ast.keyword)}
    return Code(
        waits=max([0.0, *waits, *pauses]),
        watches=max([0.0, *waits]),
        pause=max([0.0, *pauses]),
        reserve=min(reserves, default=None),
        call=max([0.0, *_calls(calls, assigned, numbers)]),
        words=frozenset(word for word in words if isinstance(word, str)),
        computes_metrics=any(_is_computed(node) for node in pairs),
        fine=any(has_item(node, "StorageResolution", 1) for node in pairs),
        asynchronous=any(has_item(node, "InvocationType", "Event") for node in pairs),
    )


def _numbers(assigned: list[tuple[str, ast.expr]]) -> dict[str, float]:
    """Names that are given a number, or a clock's time and a number; of several, the largest."""
    numbers: dict[str, float] = {}
    for name, value in assigned:
        found = number_in(value, numbers)
        if found is not None and (isinstance(value, ast.Constant) or _has_clock(value)):
            numbers[name] = max(found, numbers.get(name, found))
    return numbers


def _has_clock(node: ast.AST) -> bool:
    return any(called_name(part) in CLOCKS for part in ast.walk(node))


def _until(node: ast.Compare, numbers: dict[str, float]) -> Iterator[float]:
    """Numbers that a clock is compared with: how long something goes on."""
    if _has_clock(node):
        for part in (node.left, *node.comparators):
            found = number_in(part, numbers)
            if found is not None:
                yield found


def _reserves(node: ast.Compare, numbers: dict[str, float]) -> Iterator[float]:
    """Numbers that Lambda's remaining time is compared with, in seconds."""
    parts = [node.left, *node.comparators]
    remaining_time_terms = [
        part for part in parts if any(called_name(inner) == REMAINING for inner in ast.walk(part))
    ]
    # Milliseconds, unless the code divides them.
    unit = 1.0 if any(isinstance(part, ast.BinOp) for part in remaining_time_terms) else 1000.0
    for part in parts:
        if (
            remaining_time_terms
            and part not in remaining_time_terms
            and (found := number_in(part, numbers)) is not None
        ):
            yield found / unit


def _sleep(node: ast.AST, numbers: dict[str, float]) -> Iterator[float]:
    if isinstance(node, ast.Call) and called_name(node) == "sleep" and node.args:
        found = number_in(node.args[0], numbers)
        if found is not None:
            yield found


def _rounds(node: ast.For, numbers: dict[str, float]) -> Iterator[float]:
    """A sleep so many times: ``for _ in range(24): sleep(5)``."""
    if called_name(node.iter) == "range":
        times = number_in(node.iter.args[-1], numbers)  # type: ignore[attr-defined]
        for inner in ast.walk(node):
            yield from (pause * times for pause in _sleep(inner, numbers) if times is not None)


def _calls(
    calls: list[ast.Call], assigned: list[tuple[str, ast.expr]], numbers: dict[str, float]
) -> Iterator[float]:
    """For each client, what one call of it may take."""
    configs = {
        name: value
        for name, value in assigned
        if isinstance(value, ast.Call) and called_name(value) in ("Config", "merge")
    }
    for node in calls:
        maker = node.func
        if (
            isinstance(maker, ast.Attribute)
            and maker.attr in ("client", "resource")
            and getattr(maker.value, "id", "") == "boto3"
        ):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "config"]
            yield _worst(given[0] if given else None, configs, numbers)


def _worst(
    config: ast.expr | None, configs: dict[str, ast.Call], numbers: dict[str, float]
) -> float:
    facts = _facts(config, configs, numbers)
    attempts = facts.get("total_max_attempts", facts.get("max_attempts", ATTEMPTS - 1) + 1)
    return attempts * (facts.get("connect_timeout", CONNECT) + facts.get("read_timeout", READ))


def _facts(
    config: ast.expr | None, configs: dict[str, ast.Call], numbers: dict[str, float]
) -> dict[str, float]:
    """The numbers of a Config; of ``a.merge(b)`` those of a, overlaid by those of b."""
    if isinstance(config, ast.Name) and config.id in configs:
        return _facts(configs[config.id], configs, numbers)
    if not isinstance(config, ast.Call):
        return {}
    if called_name(config) == "merge" and isinstance(config.func, ast.Attribute):
        other = config.args[0] if config.args else None
        return _facts(config.func.value, configs, numbers) | _facts(other, configs, numbers)
    pairs: list[tuple[object, ast.expr]] = [
        (keyword.arg, keyword.value) for keyword in config.keywords
    ]
    for keyword in config.keywords:
        if keyword.arg == "retries" and isinstance(keyword.value, ast.Dict):
            keys = [getattr(key, "value", None) for key in keyword.value.keys]
            pairs += zip(keys, keyword.value.values, strict=True)
    values = {str(key): number_in(value, numbers) for key, value in pairs}
    return {key: value for key, value in values.items() if value is not None}


def _is_computed(node: ast.AST) -> bool:
    """Whether the node gives a metric a namespace or a name that only a run can tell."""
    return any(
        key in ("Namespace", "MetricName")
        and not isinstance(value, ast.Constant | ast.Name)
        and not _reads_environment(value)
        for key, value in items(node)
    )


def _reads_environment(node: ast.expr) -> bool:
    return "environ" in ast.dump(node) or "getenv" in ast.dump(node)
