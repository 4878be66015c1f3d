"""The sub-commands, one module each: ``add_options`` declares what it takes, ``run`` gives its exit code.

A module is imported when its command is called, so that none waits for what another one needs.
"""
