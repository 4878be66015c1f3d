"""Render drawn settings and run cfn-lint over each: ``make settings-night N=1000 SEED=1``."""

import sys

from variations import drawn, validated

from drtemplate.pipeline import header


def main(number: int, seed: int) -> int:
    """1 if there are findings; what was drawn is printed with them."""
    bad = 0
    for settings in drawn(number, seed):
        if findings := validated(settings):
            bad += 1
            print(header(settings), *findings, sep="\n", flush=True)
    print(f"{number} settings drawn from seed {seed}: {bad} with findings")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
