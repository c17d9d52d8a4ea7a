"""The exceptions that the user can act on."""


class UserError(ValueError):
    """A mistake of the user's; the message is one sentence that says what to do.

    Messages name settings in backticks, as `group_size` or `group_size=64`. The commands show these
    as flags, print the message without a traceback, and exit with status 2.
    """


class LacksPart(UserError):
    """A task needs a latent variable that the model does not have."""


class Interrupted(Exception):
    """Ctrl-C, with the work saved; the message says how to continue."""
