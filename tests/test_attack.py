"""The attacks of benchmarks/attack.py, a part of each kind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_no_attack_succeeds(tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / "attack.py", "--share", "0.03", "--seed", "7"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [refused, right, *failures] = map(int, re.search(r"\| all \| 5\d \|(.*)\|", done.stdout)[1].split("|"))
    assert refused > 20 and right > 3 and failures == [0, 0, 0, 0] and not list(tmp_path.iterdir())
