"""report.html: the page of a model and its results as a file."""

from collections.abc import Mapping
from pathlib import Path

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text
from ugvae_tf.reporting.page import Subject, page
from ugvae_tf.reporting.training_record import training_of
from ugvae_tf.serving import model_card, saved_model
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.results import Outcome

NAME = "report.html"


def written(
    model: ServedModel, outcomes: Mapping[str, Outcome], request: EvaluationRequest, output: str | None = None
) -> Path:
    """Write the report to `output`, else beside the folders of the tasks; returns its path.

    Raises:
        UserError: the file cannot be written.
    """
    file = Path(output) if output else request.results(model.name).parent / NAME
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_text(file, page(_subject(model), outcomes))
    except OSError as error:
        setting = "output" if output else "output_dir"
        raise UserError(f"Cannot write {file} ({error.strerror}): choose another place with `{setting}`.") from error
    return file


def _subject(model: ServedModel) -> Subject:
    is_served = ServerAddress.parse(model.address) is not None
    version = None if is_served else saved_model.version_folder(Path(model.address))
    weights = None if version is None else saved_model.weights_size(version)
    card = model_card.card_of(model.config, weights)
    return Subject(model.name, model.version, card, _sizes(version), training_of(version))


def _sizes(version: Path | None) -> dict[str, str]:
    """The sizes of a version's files; none of a model on a server."""
    if version is None:
        return {}
    whole = sum(file.stat().st_size for file in version.rglob("*") if file.is_file())
    return {"Version on disk": f"{whole / 1e6:.1f} MB, {saved_model.weights_size(version) / 1e6:.1f} MB of it weights"}
