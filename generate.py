#!/usr/bin/env python3
"""Render, validate and compare the stack's template: ``python generate.py --help``."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (before anything that an older one cannot read)
    sys.stderr.write("error: drtemplate needs Python 3.11 or newer; try: make PYTHON=python3.13\n")
    sys.exit(2)

from drtemplate.cli import main

if __name__ == "__main__":
    sys.exit(main())
