"""`ugvae encode --runner`: the pipeline of Apache Beam gives the codes of the local command."""

import importlib.util

import numpy as np
import pytest
from test_encode import SHAPE, images_of, written

from ugvae_tf.commands.encode import parse_encoding
from ugvae_tf.commands.main import call
from ugvae_tf.errors import UserError
from ugvae_tf.groups import beam_elements
from ugvae_tf.groups.encode import encode
from ugvae_tf.serving.group_table import GroupTable

HAS_BEAM = importlib.util.find_spec("apache_beam") is not None
needs_beam = pytest.mark.skipif(not HAS_BEAM, reason="pip install '.[beam]'")
OPTIMAL = {"component_posterior": "optimal", "component_prior": "beta", "prior_expert": True}


def encoded_by_beam(folder, albums, output, *flags: str) -> GroupTable:
    base = ["--saved-model", str(folder), "--data-dir", str(albums), "--output", str(output), "--runner=DirectRunner"]
    call("encode", [*base, *flags], "ugvae encode")
    return GroupTable.read(output)


def test_flags_of_beam_pass_through():
    flags = ["--runner", "FlinkRunner", "--flink_master=host:1", "--parallelism", "4"]
    request = parse_encoding(["--data-dir", "a", *flags])
    assert request.runner == "FlinkRunner"
    assert request.beam == ("--flink_master=host:1", "--parallelism", "4")
    with pytest.raises(UserError, match="is not a flag"):
        parse_encoding(["--data-dir", "a", "--parallelism", "4"])
    with pytest.raises(UserError, match="`images` writes rows on this machine"):
        parse_encoding(["--data-dir", "a", "--runner", "DirectRunner", "--images"])


@pytest.mark.skipif(HAS_BEAM, reason="Beam is installed")
def test_without_beam_one_sentence_says_what_to_install(capsys):
    with pytest.raises(SystemExit, match="2"):
        call("encode", ["--data-dir", "a", "--runner", "DirectRunner"], "ugvae encode")
    assert "--runner needs Apache Beam: pip install 'ugvae_tf[beam]'" in capsys.readouterr().err


@needs_beam
@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, OPTIMAL, {"model": "gm-vae"}], ids=str)
def test_the_pipeline_gives_the_codes_of_the_local_command(exported, tmp_path, monkeypatch, settings):
    monkeypatch.setattr(beam_elements, "IMAGES", 4)
    folder = exported(image_shape=SHAPE, **settings)[1]
    images, groups = images_of()
    names = written(tmp_path / "albums", images, groups)
    order = np.random.default_rng(0).permutation(len(names))  # of a manifest: elements hold images of many groups
    rows = "".join(f"albums/{names[place]},{groups[place]}\n" for place in order)
    (tmp_path / "list.csv").write_text("path,group\n" + rows)
    expected = encode(tmp_path / "albums", str(folder))
    for place in (tmp_path / "albums", tmp_path / "list.csv"):
        found = encoded_by_beam(folder, place, tmp_path / "codes.npz")
        assert found.group.tolist() == expected.group.tolist()
        assert found.images.tolist() == expected.images.tolist()
        for name in ("beta_mean", "beta_stddev", "component_probs"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5, atol=1e-6)


@needs_beam
@pytest.mark.slow
def test_a_damaged_image_is_named_and_nothing_is_written(exported, tmp_path, capsys):
    folder = exported(image_shape=SHAPE)[1]
    images, groups = images_of()
    written(tmp_path / "albums", images, groups)
    (tmp_path / "albums" / "a" / "broken.png").touch()
    with pytest.raises(SystemExit, match="2"):
        encoded_by_beam(folder, tmp_path / "albums", tmp_path / "codes.npz")
    assert "broken.png cannot be decoded" in capsys.readouterr().err.splitlines()[-1]
    assert [file.name for file in tmp_path.iterdir()] == ["albums"]
    found = encoded_by_beam(folder, tmp_path / "albums", tmp_path / "codes.npz", "--corrupt", "skip")
    assert found.images.sum() == len(images)


@needs_beam
def test_partial_sums_add_up_in_any_order_and_tree():
    from ugvae_tf.groups.beam_steps import Add

    random, add = np.random.default_rng(0), Add()
    parts = [{"images": np.array([n]), "precision": random.normal(size=3)} for n in range(7)]
    one = add.create_accumulator()
    for part in parts:
        one = add.add_input(one, part)
    halves = [add.merge_accumulators(parts[:3]), add.create_accumulator(), add.merge_accumulators(parts[:2:-1])]
    tree = add.merge_accumulators(halves)
    assert one["images"] == tree["images"] == [21]
    np.testing.assert_allclose(one["precision"], tree["precision"], rtol=1e-13)
    np.testing.assert_allclose(one["precision"], sum(part["precision"] for part in parts), rtol=1e-13)


@needs_beam
@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, OPTIMAL], ids=str)
def test_a_bundle_that_failed_and_is_tried_again_gives_equal_sums_and_an_equal_file(
    exported, tmp_path, monkeypatch, settings
):
    """A runner discards what a failed bundle gave, and processes all its elements again; here the last one fails."""
    from apache_beam.utils.shared import Shared

    from ugvae_tf.groups.beam_steps import Add, Experts, OptimalComponents, Write

    monkeypatch.setattr(beam_elements, "IMAGES", 4)
    folder, albums = exported(image_shape=SHAPE, **settings)[1], tmp_path / "albums"
    images, groups = images_of()
    files = [albums / name for name in written(albums, images, groups)]
    names, numbers = np.unique(groups, return_inverse=True)
    bundle = list(beam_elements.file_elements(files, numbers))[::-1]
    assert len(bundle) > 2
    worker, shared = (str(folder), False, "stop"), Shared()
    betas = dict(enumerate(np.ones([len(names), 4])))

    def sums(step, elements, *side) -> dict:
        step.setup()
        found: dict = {}
        for group, part in (pair for element in elements for pair in step.process(element, *side)):
            found[group] = Add().add_input(found.get(group, {}), part)
        return found

    steps = [(Experts, ())] + ([(OptimalComponents, (betas,))] if settings else [])
    results = []
    for step, side in steps:
        once = sums(step(*worker, shared), bundle, *side)
        again = step(*worker, shared)
        hidden = files[0].rename(tmp_path / "hidden.png")
        with pytest.raises(UserError, match="cannot be decoded"):
            sums(again, bundle, *side)
        hidden.rename(files[0])
        repeated = sums(again, bundle, *side)
        assert once.keys() == repeated.keys() == set(range(len(names)))
        for group, values in once.items():
            assert all((values[name] == repeated[group][name]).all() for name in values)
        results.append(list(once.items()))
    written_files, shares = [], results[1] if settings else []
    for _ in range(2):
        Write(str(tmp_path / "codes.npz"), names, (0.0, 0.0)).process(None, results[0], shares)
        written_files.append((tmp_path / "codes.npz").read_bytes())
    assert written_files[0] == written_files[1] and not list(tmp_path.glob(".*partial"))


@needs_beam
@pytest.mark.slow
def test_two_processes_give_the_same_codes(exported, tmp_path):
    folder = exported(image_shape=SHAPE)[1]
    written(tmp_path / "albums", *images_of())
    workers = ["--direct_num_workers", "2", "--direct_running_mode", "multi_processing"]
    found = encoded_by_beam(folder, tmp_path / "albums", tmp_path / "codes.npz", *workers)
    expected = encode(tmp_path / "albums", str(folder))
    np.testing.assert_allclose(found.beta_mean, expected.beta_mean, rtol=1e-5, atol=1e-6)
