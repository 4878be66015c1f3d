"""drtemplate: a disaster-recovery stack for AWS, built in Python and rendered as CloudFormation."""

__version__ = "1.0.0"  # as setup.cfg has it
