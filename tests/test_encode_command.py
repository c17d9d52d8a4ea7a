"""`ugvae encode`: flags to a request, files from a folder, and one sentence for a mistake."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from test_encode import SHAPE, images_of, written

from ugvae_tf.commands.encode import parse_encoding
from ugvae_tf.commands.group_commands import QUESTIONS
from ugvae_tf.commands.main import call
from ugvae_tf.errors import UserError
from ugvae_tf.groups.encode_request import EncodeRequest
from ugvae_tf.groups.source_request import SourceRequest
from ugvae_tf.serving.group_table import GroupTable, ImageTable


def test_flags_become_the_request():
    flags = ["--data-dir", "albums", "--group-by", "owner", "--output", "c.csv", "--images", "--corrupt", "skip"]
    source = SourceRequest(data_dir="albums", group_by="owner", corrupt="skip")
    expected = EncodeRequest(source, output="c.csv", images=True)
    assert parse_encoding(flags) == expected
    assert expected.images_output.name == "c-images.csv"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "no images to encode"),
        (["--dataset", "npz"], "no images to encode"),
        (["--data-dir", "albums", "--split", "train"], "own images are all encoded"),
        (["--data-dir", "albums", "--output", "codes.txt"], r"must end in \.parquet, \.csv, \.npz"),
        (["--data-dir", "albums", "--grop-by", "owner"], "did you mean --group-by"),
        (["--data-dir", "albums", "--corrupt", "ignore"], "must be one of stop, skip"),
    ],
)
def test_invalid_flags_are_explained(flags, message):
    with pytest.raises(UserError, match=message):
        parse_encoding(flags)


def test_a_folder_becomes_two_files(exported, tmp_path, capsys):
    folder = exported(image_shape=SHAPE)[1]
    images, groups = images_of()
    written(tmp_path / "albums", images, groups)
    (tmp_path / "albums" / "a" / "broken.png").touch()
    flags = ["--saved-model", str(folder), "--data-dir", str(tmp_path / "albums"), "--images", "--corrupt", "skip"]
    call("encode", [*flags, "--output", str(tmp_path / "codes.npz")], "ugvae encode")
    said = capsys.readouterr().out
    assert "23 images in 4 groups" in said
    assert "1 images that cannot be decoded: a/broken.png" in said
    table = GroupTable.read(tmp_path / "codes.npz")
    assert dict(zip(table.group, table.images, strict=True)) == {"a": 2, "b": 1, "c": 17, "d": 3}
    rows = ImageTable.read(tmp_path / "codes-images.npz")
    assert len(rows) == 23
    assert all(image.startswith(f"{group}/") for image, group in zip(rows.image, rows.group, strict=True))


def test_images_without_groups_are_one_and_the_message_says_so(exported, tmp_path, capsys):
    np.savez(tmp_path / "data.npz", image=images_of()[0])
    flags = ["--saved-model", str(exported(image_shape=SHAPE)[1]), "--data-dir", str(tmp_path / "data.npz")]
    call("encode", [*flags, "--output", str(tmp_path / "codes.csv")], "ugvae encode")
    assert "no groups, so all are one: --group-by names" in capsys.readouterr().out
    assert GroupTable.read(tmp_path / "codes.csv").group.tolist() == ["all"]


def test_a_mistake_is_one_sentence_and_leaves_no_file(exported, tmp_path, capsys):
    images, groups = images_of()
    written(tmp_path / "albums", images, groups)
    (tmp_path / "albums" / "a" / "broken.png").touch()
    flags = ["--saved-model", str(exported(image_shape=SHAPE)[1]), "--data-dir", str(tmp_path / "albums")]
    with pytest.raises(SystemExit) as stop:
        call("encode", [*flags, "--output", str(tmp_path / "codes.npz")], "ugvae encode")
    assert stop.value.code == 2
    assert "a/broken.png cannot be decoded" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["albums"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["encode", *QUESTIONS])
def test_help_needs_no_tensorflow(name):
    code = (
        f"import sys; from ugvae_tf.commands.main import call; call('{name}', ['--help'], 'ugvae {name}'); "
        "sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "--group-by COLUMN" in found.stdout


KILLED_WHILE_ENCODING = """
import os, signal, sys
from ugvae_tf.commands.main import call
from ugvae_tf.groups import stream
add = stream._Stream.add
def then_killed(*arguments):
    add(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
stream._Stream.add = then_killed
call("encode", sys.argv[1:], "ugvae encode")
"""
KILLED_WHILE_WRITING = """
import os, signal, sys
from ugvae_tf.commands.main import call
from ugvae_tf.serving import table_files
def half(file, columns):
    file.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
table_files.WRITERS[".npz"] = half
call("encode", sys.argv[1:], "ugvae encode")
"""


@pytest.mark.slow
def test_a_killed_run_keeps_the_old_output_and_leaves_nothing_that_disturbs_the_next(exported, tmp_path):
    written(tmp_path / "albums", *images_of())
    output = tmp_path / "codes.npz"
    flags = ["--saved-model", str(exported(image_shape=SHAPE)[1]), "--data-dir", str(tmp_path / "albums"), "--images"]
    flags += ["--output", str(output)]
    output.write_bytes(b"old")
    for code in (KILLED_WHILE_ENCODING, KILLED_WHILE_WRITING):
        found = subprocess.run([sys.executable, "-c", code, *flags], capture_output=True, check=False)
        assert found.returncode == -signal.SIGKILL, found.stderr
        assert output.read_bytes() == b"old"
        assert {file.name for file in tmp_path.iterdir()} <= {"albums", "codes.npz", ".codes.npz.partial"}
    call("encode", flags, "ugvae encode")
    assert GroupTable.read(output).images.sum() == 23
    assert not (tmp_path / ".codes.npz.partial").exists()
