"""The sub-commands, one module each: ``add_options`` declares what it takes, ``run`` gives its exit code.

``diff_text`` and ``diff_markdown`` are none: they have the words of ``diff``.

A module is imported when its command is called, so that none waits for what another one needs.
"""

FINE, FOUND = 0, 1  # exit codes: fine or equal; findings, stale or different
