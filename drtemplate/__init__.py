"""drtemplate: a disaster-recovery stack for AWS, built in Python and rendered as CloudFormation."""

__version__ = "0.1.0"  # as setup.cfg has it
