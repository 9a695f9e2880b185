"""The one exception that users are meant to read."""


class UserError(ValueError):
    """Bad input: the message names the file or key, the value, and the mend, in one line."""
