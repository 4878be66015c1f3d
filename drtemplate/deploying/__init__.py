"""The real thing: refuse what cannot work, run the AWS CLI, follow the stack to its end.

``deploy.py`` is the way through it. What comes before the AWS CLI only reads, but for the making or
completing of a bucket that the user has agreed to.
"""
