"""The sub-commands of ``generate.py``: options and run, one file each."""
