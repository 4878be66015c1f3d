"""What stacks there are: each module builds one arrangement of the groups from the settings."""
