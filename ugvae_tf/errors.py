"""The one exception that means: the user can mend this."""


class UserError(Exception):
    """A mistake of the user's, told in one sentence that says what to do.

    The commands print it without a traceback and exit with status 2.
    """


class LacksPart(UserError):
    """A task needs a latent variable that the model does not have."""
