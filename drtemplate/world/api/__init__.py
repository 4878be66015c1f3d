"""The API that handlers call through boto3: the wire, and one class for each service."""
