"""The real thing: refuse what cannot work, run the AWS CLI, follow the stack to its end.

``deploy.py`` is the way through it. Everything before the AWS CLI starts only reads.
"""
