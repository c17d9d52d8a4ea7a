"""The checks and the restored state of a run that is resumed."""

from ugvae_tf.errors import UserError
from ugvae_tf.training.checkpoints import Checkpoints, nothing_to_resume
from ugvae_tf.training.run_folder import RunFolder


def check_data(folder: RunFolder, checksum: str) -> None:
    """Raise UserError unless the run in the folder was trained on the images with this checksum."""
    if folder.saved_checksum() not in (None, checksum):
        raise UserError(
            f"The training images are not those of the run in {folder.path}: give its images to `resume` it, "
            "or start a run under another `name`."
        )


def restore(checkpoints: Checkpoints, folder: RunFolder, steps: int, epochs: int) -> None:
    """Restore the newest whole checkpoint; a line is printed if that is not the last one written.

    Args:
        steps: of an epoch.
        epochs: that the run is to have.

    Raises:
        UserError: more epochs are done, or no checkpoint is whole.
    """
    is_newest, rows = checkpoints.restore(), folder.history.rows()
    done = checkpoints.step / steps
    if done == 0 and len(rows) > 1:  # the first row is written before the first checkpoint
        raise nothing_to_resume(folder.checkpoints)
    if done > epochs:
        raise UserError(f"{done:g} epochs of this run are done: give `epochs` of that number or more.")
    if not is_newest or len(rows) > done + 1:
        print(f"The newest checkpoint is damaged: the run continues after {done:g} epochs, from the one before it.")
