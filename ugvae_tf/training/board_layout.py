"""The layout of TensorBoard's custom scalars, and the settings of a run as its table and its hyper-parameters."""

import dataclasses
from typing import Any

from ugvae_tf.config import Config


def layout() -> Any:
    """A summary: the loss, and all terms of the bound in one chart."""
    from tensorboard.plugins.custom_scalar import layout_pb2, summary

    charts = {"Loss, nats per image": "loss/epoch", "Terms of the bound, nats per image": "terms/.*"}
    return summary.pb(
        layout_pb2.Layout(
            category=[
                layout_pb2.Category(
                    title="Training against validation",
                    chart=[
                        layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=[tag]))
                        for title, tag in charts.items()
                    ],
                )
            ]
        )
    )


def settings(config: Config) -> dict[str, str | int | float | bool]:
    """The settings that have a value, by name."""
    parts = (config.data, config.model, config.training)
    values = {name: value for part in parts for name, value in dataclasses.asdict(part).items()}
    return {"preset": config.preset, **{name: value for name, value in values.items() if value is not None}}


def settings_table(config: Config) -> str:
    """As Markdown."""
    rows = [f"| {name} | {value} |" for name, value in settings(config).items()]
    return "\n".join(["| setting | value |", "|---|---|", *rows])
