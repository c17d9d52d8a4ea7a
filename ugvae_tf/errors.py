"""Exceptions whose message is for the user."""


class UserError(ValueError):
    """A mistake of the user; the message is one sentence with the correction.

    Messages write settings in backticks, as `group_size` or `group_size=64`. The commands turn these
    into flags, print the message without a traceback, and exit with status 2.
    """


class LacksPart(UserError):
    """A task needs a latent variable that the model does not have."""


class Interrupted(Exception):
    """Ctrl-C, or another signal to end, after the state was saved; the message gives the command that continues."""
