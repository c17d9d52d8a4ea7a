"""The tutorials of docs/, run as scripts at tiny sizes in an empty folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.py"))


def test_there_are_tutorials():
    assert [path.stem for path in TUTORIALS] == ["groups_that_exist", "own_photographs", "quick_start"]


@pytest.mark.slow
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs(tutorial, tmp_path):
    tiny = {"UGVAE_TUTORIAL_SIZE": "tiny", "MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, str(tutorial)], capture_output=True, text=True, cwd=tmp_path, env=os.environ | tiny
    )
    assert result.returncode == 0, result.stderr
