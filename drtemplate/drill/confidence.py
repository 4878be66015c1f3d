"""What so many runs can tell: exact tests that assume nothing of how durations are spread."""

from collections.abc import Sequence
from itertools import accumulate
from math import exp, inf, lgamma, log

# Of so many statements one may be wrong by chance: a sweep makes some hundred.
LEVEL = 0.99
# So many of so many must agree before chance is left out: 2 x 0.5^7 > 1 %, 2 x 0.5^8 < 1 %.
FEWEST = 8


def _at_most(successes: int, trials: int, share: float) -> list[float]:
    """Probabilities of at most 0, 1, ... ``successes``, each trial having the ``share``."""
    if not 0 < share < 1:
        return [float(share <= 0)] * (successes + 1)
    logs = (
        lgamma(trials + 1)
        - lgamma(k + 1)
        - lgamma(trials - k + 1)
        + k * log(share)
        + (trials - k) * log(1 - share)
        for k in range(successes + 1)
    )
    return list(accumulate(map(exp, logs)))


def between(durations: Sequence[float], percent: float, runs: int) -> tuple[float, float]:
    """Between which two seconds a percentile of all possible runs is, at `LEVEL`.

    The order statistics' interval, which rests on the binomial distribution alone. A run without the
    duration counts as one that never ends. Where the runs are too few, 0 and infinity.
    https://www.itl.nist.gov/div898/software/dataplot/refman2/auxillar/quantconf.htm
    """
    ordered = sorted(durations) + [inf] * (runs - len(durations))
    below = _at_most(runs, runs, percent / 100)
    tail = (1 - LEVEL) / 2
    low = sum(chance <= tail for chance in below[:-1])
    high = next((at for at, chance in enumerate(below[:-1], 1) if chance >= 1 - tail), runs + 1)
    return (ordered[low - 1] if low else 0.0, ordered[high - 1] if high <= runs else inf)


def apart(one: int, other: int) -> bool:
    """Whether two counts of rare things, each in as many runs, differ by more than chance at `LEVEL`.

    Given their sum, each is as likely to be on either side if the rates are equal: the exact sign test.
    """
    together = one + other
    if not together:
        return False
    return 2 * _at_most(min(one, other), together, 0.5)[-1] <= 1 - LEVEL


def share_at_least(good: int, runs: int, confidence: float = 0.95) -> float:
    """The share of all possible runs that are good at least, if so many of these were (Clopper and Pearson).

    https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm
    """
    low, high = 0.0, good / runs if runs else 0.0
    for _ in range(60):
        middle = (low + high) / 2
        # The chance to see as many good ones or more, if no more than ``middle`` were.
        seen = _at_most(runs - good, runs, 1 - middle)[-1] if middle < 1 else 1.0
        low, high = (middle, high) if seen < 1 - confidence else (low, middle)
    return low
