"""An API's refusal, before the wire makes it one of botocore's exceptions."""


class Refused(Exception):
    """The API refuses.

    Args:
        code: AWS's error code.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
