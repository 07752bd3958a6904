"""What publishing refuses, for all of the package.

Belongs here: the errors. Not here: when they are raised.
"""


class PublishError(RuntimeError):
    """Nothing was published; the message names the table or file and what to do."""


class PushError(RuntimeError):
    """The files are published, but PostgreSQL shows the state before; the message tells why."""

    def __init__(self, reason: str, what_to_do: str = "Mend that") -> None:
        """Take the reason and what has to be done before the push is tried again."""
        super().__init__(
            f"The files are published, but PostgreSQL still shows the state before: {reason}. {what_to_do}, "
            "then: retention push (the next run pushes, too)."
        )
