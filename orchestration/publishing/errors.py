"""What publishing refuses, for all of the package.

Belongs here: the error. Not here: when it is raised.
"""


class PublishError(RuntimeError):
    """Nothing was published; the message names the table or file and what to do."""
