"""similar, compare and representatives on exported models, and the commands of all four questions."""

import shutil

import numpy as np
import pytest
from small_models import COLOUR_SHAPE, EXTENDED
from test_encode import written

import ugvae_tf as ug
from ugvae_tf.codes import neighbours
from ugvae_tf.codes.plda import Plda
from ugvae_tf.commands.group_commands import QUESTIONS, parse_question
from ugvae_tf.commands.main import call
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.experts import influence
from ugvae_tf.groups import matrix_file
from ugvae_tf.groups.compare import compare
from ugvae_tf.groups.compare import run as run_compare
from ugvae_tf.groups.encode import encode_with_images
from ugvae_tf.groups.report_files import text_table
from ugvae_tf.groups.representatives import representatives
from ugvae_tf.groups.requests import CompareRequest, SimilarRequest
from ugvae_tf.groups.rows import Groups, experts_of, joint_probs
from ugvae_tf.groups.similar import run as run_similar
from ugvae_tf.groups.similar import similar
from ugvae_tf.groups.source_request import SourceRequest
from ugvae_tf.serving import checksums
from ugvae_tf.serving.group_table import GroupTable, ImageTable
from ugvae_tf.serving.metric import NAME, LearnedMetric, read_metric, write_metric
from ugvae_tf.serving.served_model import ServedModel


@pytest.fixture
def albums(tmp_path):
    """A folder with three groups of 8 images."""
    images = np.random.default_rng(0).integers(256, size=(24, *COLOUR_SHAPE), dtype=np.uint8)
    groups = np.repeat(["a", "b", "c"], 8)
    written(tmp_path / "albums", images, groups)
    return tmp_path / "albums", images, groups


@pytest.mark.slow
def test_images_and_their_rows_give_the_same_representatives(served, albums):
    folder, images, groups = albums
    model = served(**EXTENDED)
    _, rows = encode_with_images(images, model, group_by=groups)
    of_rows, of_folder = representatives(rows, model, count=3), representatives(folder, model, count=3)
    assert of_rows.group.tolist() == of_folder.group.tolist() == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    assert [int(name[2:4]) for name in of_folder.image] == of_rows.image.tolist()
    np.testing.assert_allclose(of_rows.influence, of_folder.influence, rtol=1e-3)
    prior = Groups(rows, model).prior
    expected = influence(experts_of(rows.rows(rows.group == "b")), prior)
    np.testing.assert_allclose(of_rows.influence[3:6], -np.sort(-expected)[:3], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, EXTENDED], ids=str)
def test_q_d_of_two_groups_is_that_of_their_images_in_one_group(served, albums, settings):
    _, images, groups = albums
    model = served(**settings)
    source = Groups(images, model, groups)
    found = joint_probs(source, source.rows("a"), source.rows("c"))
    expected = model.encode(images[groups != "b"]).component_probs[0]
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_compare_names_images_of_either_group(served, albums):
    folder, *_ = albums
    found = compare(folder, "a", "b", served(), permutations=99)
    assert found.image[found.in_first].tolist() == [f"a/{place:02}.png" for place in range(8)]
    typical = found.typical(True, 2)
    scores = dict(zip(found.image, found.typicality, strict=True))
    assert scores[typical[0]] == max(found.typicality[found.in_first])
    assert scores[found.typical(False, 1)[0]] == min(found.typicality[~found.in_first])


@pytest.mark.slow
def test_codes_of_another_model_and_unknown_groups_are_explained(served, albums):
    _, images, groups = albums
    _, rows = encode_with_images(images, served(), group_by=groups)
    with pytest.raises(UserError, match="give the `saved_model` that made them"):
        representatives(rows, served(global_size=2))
    with pytest.raises(UserError, match="There is no group 'x'"):
        compare(rows, "a", "x", served())
    with pytest.raises(UserError, match="no beta"):
        representatives(images, served(model="gm-vae"))
    with pytest.raises(UserError, match="no mixture"):
        compare(images, "a", "b", served(model="ml-vae"), group_by=groups)


@pytest.fixture
def version(tmp_path, exported):
    """A copy of an exported version with M = 4."""
    shutil.copytree(exported(image_shape=COLOUR_SHAPE)[1] / "1", tmp_path / "1")
    return tmp_path / "1"


def metric_of(images: int, size: int = 4) -> LearnedMetric:
    codes = np.random.default_rng(0).normal(size=(30, size))
    return LearnedMetric(Plda.fit(codes, np.arange(30) // 2), images, "font", "glyphs", "0123456789abcdef")


def test_the_learned_metric_is_an_asset_of_the_export(version):
    assert read_metric(version) is None
    metric = metric_of(images=3)
    write_metric(version, metric)
    found = read_metric(version)
    assert (found.images, found.label, found.dataset) == (3, "font", "glyphs")
    assert found.data_checksum == metric.data_checksum
    images, groups = (
        np.random.default_rng(0).integers(256, size=(12, *COLOUR_SHAPE), dtype=np.uint8),
        np.arange(12) // 3,
    )
    codes = ug.encode(images, model := ServedModel(version), group_by=groups)
    scores = metric.plda.scores(codes.beta_mean, codes.beta_mean) - np.diag([np.inf] * 4)
    np.testing.assert_array_equal(similar(codes, 1, model)[0][:, 0], scores.argmax(axis=1))
    expected = -metric.plda.scores(codes.beta_mean, codes.beta_mean)
    np.testing.assert_allclose(model.distances(codes), expected, rtol=1e-5)


def test_groups_of_other_sizes_are_compared_by_the_symmetric_kl(version):
    write_metric(version, metric_of(images=13))
    model, images = (
        ServedModel(version),
        np.random.default_rng(0).integers(256, size=(16, *COLOUR_SHAPE), dtype=np.uint8),
    )
    codes = ug.encode(images, model, group_by=np.repeat(["a", "b", "c"], [3, 4, 9]))
    assert model.metric_of(codes.rows([1, 2])) is not None
    assert model.metric_of(codes) is None
    assert model.metric_of(codes.rows([1, 2]), codes.rows([0])) is None
    np.testing.assert_allclose(model.distances(codes), neighbours.distance_matrix(codes), rtol=1e-5)
    padded = model.encode_ragged(images[None, :9], np.array([3]))
    assert padded.images.tolist() == [3] and model.metric_of(padded) is None
    assert model.metric_of(model.encode(images[:9])) is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"mean": np.array(["a", "b", "c", "d"])},
        {"mean": np.zeros(3)},
        {"between": np.full(4, np.nan)},
        {"images": np.array([0])},
        {"label": np.array("font")},
        {"dataset": np.array([1.0])},
    ],
    ids=str,
)
def test_a_damaged_metric_is_explained(version, changed):
    metric = metric_of(images=3)
    write_metric(version, metric)
    columns = dict(np.load(version / NAME))
    np.savez(version / NAME, **{**columns, **changed})
    with pytest.raises(UserError, match="is not a learned metric: delete it"):
        read_metric(version)
    stored = (version / NAME).read_bytes()
    (version / NAME).write_bytes(stored[:99])
    with pytest.raises(UserError, match="cannot be read"):
        read_metric(version)


def test_a_metric_of_another_model_is_explained(version):
    write_metric(version, metric_of(images=3, size=5))
    with pytest.raises(UserError, match="the learned metric of another model"):
        ServedModel(version)


def test_a_stored_metric_has_a_checksum(version):
    for images in (3, 4):
        write_metric(version, metric_of(images))
        checksums.check(version)
    lines = (version / checksums.CHECKSUMS).read_text().splitlines()
    assert sum(line.endswith(NAME.as_posix()) for line in lines) == 1
    (version / NAME).write_bytes(b"other")
    with pytest.raises(UserError, match="is damaged"):
        checksums.check(version)


def test_a_matrix_that_cannot_be_written_is_an_error_before_the_model_is_loaded(tmp_path):
    for file, message in (("none/d.npy", "its folder does not exist"), ("d.npz", "must end in .npy")):
        request = SimilarRequest(codes="c.npz", matrix=str(tmp_path / file))
        with pytest.raises(UserError, match=message):
            run_similar(request)
    codes = GroupTable(np.empty(0), None, np.broadcast_to(np.float32(0), (10**9, 1)), None, None)
    with pytest.raises(UserError, match="free some space, or choose another folder with `matrix`"):
        matrix_file.write(tmp_path / "d.npy", codes, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_every_command_prints_its_table_and_writes_files(exported, albums, tmp_path, capsys):
    folder, *_ = albums
    model = ["--saved-model", str(exported(image_shape=COLOUR_SHAPE)[1]), "--data-dir", str(folder)]
    for name, flags in {
        "similar": ["--count", "2", "--matrix", str(tmp_path / "d.npy")],
        "members": ["--group", "b"],
        "compare": ["--group", "a", "--other", "c", "--permutations", "19"],
        "representatives": ["--group", "c", "--count", "3"],
    }.items():
        call(name, [*model, *flags, "--output", str(tmp_path / "out")], f"ugvae {name}")
        said = capsys.readouterr().out
        assert f"{name}.csv, {name}.png" in said
        assert (tmp_path / "out" / f"{name}.csv").stat().st_size > 50
        assert (tmp_path / "out" / f"{name}.png").stat().st_size > 1000
    assert np.load(tmp_path / "d.npy").shape == (3, 3)


@pytest.mark.slow
def test_commands_count_and_name_the_images_that_they_leave_out(exported, albums, tmp_path, capsys):
    folder, *_ = albums
    for name in "ab":
        (folder / name / "broken.png").write_bytes(b"no image")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "cut.png").write_bytes(b"no image")
    (tmp_path / "new" / "good.png").write_bytes((folder / "c" / "16.png").read_bytes())
    flags = [
        "--saved-model",
        str(exported(image_shape=COLOUR_SHAPE)[1]),
        "--data-dir",
        str(folder),
        "--corrupt",
        "skip",
    ]
    sentence = "\nLeft out, {} images that cannot be decoded: {}."
    for name, own, said in [
        ("members", ["--group", "b"], sentence.format(2, "a/broken.png, b/broken.png")),
        ("members", ["--group", "c", "--candidates", str(tmp_path / "new")], sentence.format(1, "cut.png")),
        ("compare", ["--group", "a", "--other", "b", "--permutations", "9"], "a/broken.png, b/broken.png."),
        ("representatives", ["--group", "a"], sentence.format(1, "a/broken.png")),
        ("similar", ["--queries", str(tmp_path / "new")], "a/broken.png, b/broken.png, cut.png."),
    ]:
        call(name, [*flags, *own], f"ugvae {name}")
        assert said in capsys.readouterr().out, name


@pytest.mark.slow
def test_a_folder_of_queries_finds_its_groups_in_a_file_of_codes(exported, albums, tmp_path, capsys):
    folder, *_ = albums
    model = ["--saved-model", str(exported(image_shape=COLOUR_SHAPE)[1])]
    call("encode", [*model, "--data-dir", str(folder), "--output", str(tmp_path / "c.npz")], "ugvae encode")
    flags = ["--codes", str(tmp_path / "c.npz"), "--queries", str(folder), "--count", "1"]
    call("similar", [*model, *flags, "--output", str(tmp_path / "out")], "ugvae similar")
    assert (tmp_path / "out" / "similar.csv").read_text().splitlines()[1].startswith("a,a,")
    assert "Nearest among 3 groups" in capsys.readouterr().out


@pytest.mark.slow
def test_a_file_of_codes_replaces_the_images(exported, albums, tmp_path, capsys):
    folder, *_ = albums
    model = ["--saved-model", str(exported(image_shape=COLOUR_SHAPE)[1])]
    codes = str(tmp_path / "c.npz")
    call("encode", [*model, "--data-dir", str(folder), "--output", codes, "--images"], "ugvae encode")
    call("similar", [*model, "--codes", codes, "--group", "a", "--count", "1"], "ugvae similar")
    call(
        "representatives", [*model, "--codes", str(tmp_path / "c-images.npz"), "--group", "a"], "ugvae representatives"
    )
    rows = ["--codes", str(tmp_path / "c-images.npz")]
    call("members", [*model, *rows, "--group", "b", "--by", "components"], "ugvae members")
    said = capsys.readouterr().out
    assert "Images of the group b" in said and "b/08.png" in said
    assert "Nearest among 3 groups by the symmetric KL" in said
    assert "a/0" in said


@pytest.mark.parametrize(
    ("name", "flags", "message"),
    [
        ("similar", [], "no images to encode"),
        ("similar", ["--codes", "c.npz", "--count", "0"], "`count` must be at least 1"),
        ("members", ["--data-dir", "albums"], "Whose members"),
        ("members", ["--codes", "c.npz", "--group", "a"], "needs images: give `by=components`, or leave out `codes`"),
        ("compare", ["--data-dir", "albums", "--group", "a"], "names of two groups"),
        ("compare", ["--data-dir", "albums", "--group", "a", "--other", "a"], "names of two groups"),
        ("representatives", ["--group", "a"], "no images to encode"),
        ("representatives", ["--codes", "c.npz", "--group-by", "font"], "`group_by=font` is for images, and `codes`"),
        ("similar", ["--codes", "c.npz", "--corrupt", "skip"], "`corrupt=skip` is for images, and `codes`"),
        ("similar", ["--codes", "c.npz", "--queries", "q", "--split", "train"], "`split=train` is for images"),
    ],
)
def test_invalid_flags_are_explained(name, flags, message):
    with pytest.raises(UserError, match=message):
        parse_question(name, flags)


@pytest.mark.parametrize("name", QUESTIONS)
def test_help_lists_the_flags(name, capsys):
    assert parse_question(name, ["--help"]) is None
    assert "--saved-model MODEL" in capsys.readouterr().out


def test_names_of_columns_do_not_become_flags(tmp_path, capsys):
    (tmp_path / "list.csv").write_text("path,kind\na.png,x\n")
    for arguments in (["--group-by", "group"], ["--group-by", "images"]):
        flags = ["--saved-model", "mnist", "--data-dir", str(tmp_path / "list.csv"), *arguments]
        with pytest.raises(SystemExit):
            call("encode", [*flags, "--output", str(tmp_path / "c.npz")], "ugvae encode")
        assert f"has no column '{arguments[1]}': it has kind, path" in capsys.readouterr().err


TABLE = {
    "group": np.array(["a", "b"]),
    "images": np.array([3, 4]),
    "beta_mean": np.zeros([2, 3]),
    "beta_stddev": np.ones([2, 3]),
    "component_probs": np.ones([2, 1]),
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": np.array([3])}, r"'images' of c\.npz has shape \(1,\) in a table of 2 rows"),
        ({"beta_mean": np.zeros(2)}, r"'beta_mean' of c\.npz has shape \(2,\)"),
        ({"beta_mean": np.full([2, 3], np.nan)}, "'beta_mean' of c.npz has values that are not finite"),
        ({"beta_stddev": np.zeros([2, 3])}, "'beta_stddev' of c.npz has values that are not above 0"),
        ({"images": np.array(["x", "y"])}, "'images' of c.npz has values that are not finite numbers"),
        ({"group": np.array("a")}, r"'group' of c\.npz has shape \(\)"),
    ],
)
def test_a_table_with_a_wrong_column_is_explained(changed, message):
    assert len(GroupTable.of(TABLE, "c.npz")) == 2
    with pytest.raises(UserError, match=message):
        GroupTable.of({**TABLE, **changed}, "c.npz")


def test_a_table_of_groups_in_place_of_images_is_explained():
    with pytest.raises(UserError, match="has no column 'image': give a file that `ugvae encode --images` wrote"):
        ImageTable.of(TABLE, "c.npz")


def test_a_group_cannot_be_compared_with_itself_and_damaged_images_are_skipped(served, albums):
    folder, *_ = albums
    (folder / "a" / "broken.png").write_bytes(b"no image")
    with pytest.raises(UserError, match="cannot be compared with itself"):
        compare(folder, "a", "a", served())
    with pytest.raises(UserError, match=r"broken\.png cannot be decoded"):
        compare(folder, "a", "b", served(), permutations=9)
    assert len(compare(folder, "a", "b", served(), permutations=9, corrupt="skip").image) == 16
    assert set(representatives(folder, served(), "a", corrupt="skip").group) == {"a"}


def test_settings_of_images_are_taken_beside_codes_where_there_are_images():
    images = ["--codes", "c.npz", "--data-dir", "albums", "--group-by", "font", "--corrupt", "skip"]
    assert parse_question("similar", images).source.group_by == "font"
    queries = ["--codes", "c.npz", "--queries", "letters", "--corrupt", "skip"]
    assert parse_question("similar", queries).source.corrupt == "skip"


def test_a_small_p_value_is_not_printed_as_0():
    text = text_table({"share": np.array([0.25]), "p_value": np.array([0.0001])})
    assert text.split() == ["share", "p_value", "0.250", "0.0001"]


def test_names_of_groups_do_not_replace_columns(exported, tmp_path):
    images = np.random.default_rng(0).integers(256, size=(8, *COLOUR_SHAPE), dtype=np.uint8)
    written(tmp_path / "albums", images, np.repeat(["component", "difference"], 4))
    source = SourceRequest(str(exported(image_shape=COLOUR_SHAPE)[1]), str(tmp_path / "albums"))
    request = CompareRequest(source=source, group="component", other="difference", permutations=9)
    assert "component  share_first  share_second  difference  p_value" in run_compare(request)
