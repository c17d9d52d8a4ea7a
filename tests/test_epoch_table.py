"""The lines of a run: their width, their numbers, and what they say at the end."""

import pytest

from ugvae_tf.models.nested_vae import NestedTerms
from ugvae_tf.training.epoch_table import EpochTable, clock, duration
from ugvae_tf.training.outcome import Outcome, summary, verdict


def row(table: EpochTable, value: float, epoch: int = 7) -> str:
    logs = dict.fromkeys(["loss", *table.terms, "val_loss"], value)
    return table.row(epoch, logs, speed=123456.7, left=100_000.0)


@pytest.mark.parametrize("value", [0.0, -99.99, -123.45, -1234.5, -12288.5, -3e29])
def test_a_row_has_80_characters_at_most_and_its_cells_stay_apart(value):
    table = EpochTable(1000, NestedTerms._fields)
    header, cells = table.header(), row(table, value)
    assert len(header) == len(cells) <= 80
    shown = cells.split()
    assert len(shown) == 10 and shown[0] == "7/1000" and shown[-2:] == ["123,457", "27h46"]
    assert [float(cell) for cell in shown[1:8]] == pytest.approx([value] * 7, rel=1e-3)
    assert len(table.bar(1000, 1.0, value)) < 80


def test_cells_are_below_their_names():
    table = EpochTable(12, ("log_px", "kl_z"))
    logs = {"loss": -1.5, "log_px": 2.25, "kl_z": 0.75, "val_loss": -1.25}
    shown = dict(zip(table.header().split(), table.row(3, logs, None, None).split(), strict=True))
    assert shown == {
        "epoch": "3/12",
        "loss": "-1.50",
        "log_px": "2.25",
        "kl_z": "0.75",
        "val_loss": "-1.25",
        "images/s": "-",
        "left": "-",
    }
    assert table.bar(3, 0.25, -1.5) == " 3/12  [#####...............]  25 %  loss -1.50"


def test_durations_in_words_and_on_the_clock():
    assert [clock(7), clock(59.6), clock(3723)] == ["0:07", "1:00", "1h02"]
    assert [duration(7), duration(750), duration(11_045)] == ["7 s", "12 min 30 s", "3 h 4 min"]


@pytest.mark.parametrize(
    ("losses", "exported", "parts"),
    [
        ([3.0, 1.0], 1, ["9.00 nats per image better than the best constant image (10.00)", "2.00 better than after"]),
        ([3.0, 1.0, 2.0], 2, ["8.00 nats", "epoch 2 had 1.00, and `early_stopping` exports the best epoch"]),
        ([11.0], 0, ["no better (11.00) than the best constant image (10.00)", "smaller `learning_rate`"]),
        ([13.0, 12.0], 1, ["no better (12.00)", "train for more `epochs`"]),
        ([13.0, 12.0, 12.5], 2, ["no better (12.50)", "smaller `learning_rate`"]),
    ],
)
def test_the_verdict_compares_the_exported_loss_with_the_floor_and_the_first_epoch(losses, exported, parts):
    found = verdict(Outcome(losses, exported, floor=10.0, trained=2, seconds=61.0))
    assert all(part in found for part in parts), found


def test_the_summary_names_duration_and_best_epoch():
    lines = summary(Outcome([3.0, 1.0, 2.0], 1, floor=10.0, trained=2, seconds=61.0)).splitlines()
    assert lines[0] == "Trained 2 epochs in 1 min 1 s; lowest validation loss after epoch 2 of 3."
    assert lines[1].startswith("Verdict: 9.00 nats") and max(map(len, lines)) < 80
