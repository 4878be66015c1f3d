#!/usr/bin/env python3
"""Render, validate and compare the stack's template: ``python generate.py --help``."""

import sys

from drtemplate.cli import main

if __name__ == "__main__":
    sys.exit(main())
