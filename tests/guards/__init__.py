"""What the project decided for every resource of its stack: ``find_*``, and what each has to find.

A guard lists its findings, one line each that begins with the logical id.
"""
