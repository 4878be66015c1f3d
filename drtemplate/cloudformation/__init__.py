"""What a CloudFormation template means: read, evaluated, compared. Knows nothing of who asks."""
