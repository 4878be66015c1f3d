"""drtemplate: a disaster-recovery stack for AWS, built in Python and rendered as CloudFormation."""
