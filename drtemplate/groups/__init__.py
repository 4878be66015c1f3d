"""One module per resource group, in the order in which a reader of the template meets them.

Every ``add_*`` function adds its resources to the template and returns a frozen bundle: what the
other groups may use of it, and nothing else. References between groups go by object.
"""
