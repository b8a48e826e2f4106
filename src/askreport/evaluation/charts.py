"""outcomes -> two charts as PNG: is confidence a probability, and what a floor buys.

The only module that knows matplotlib. No window system is touched.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from askreport.evaluation import figures
from askreport.evaluation.figures import Floats

COLOURS = {"answering": "#1b6ca8", "declining": "#b5541c"}
"""Told apart in grey, too."""


def reliability(path: Path, name: str, sure: Floats, held: Floats) -> None:
    """How often confidence of each size was right, and how often it was given."""
    chart = Figure(figsize=(5.2, 6.2), layout="constrained")
    above, below = chart.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    placed = figures.bins(sure)
    present = np.unique(placed)
    given = [sure[placed == one].mean() for one in present]
    found = [held[placed == one].mean() for one in present]
    above.plot((0, 1), (0, 1), color="#888888", linestyle=":", label="calibrated")
    above.plot(given, found, marker="o", color=COLOURS["answering"], label="measured")
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is right")
    above.set_title(f"{name}: reliability, ECE {figures.ece(sure, held):.3f}")
    above.legend(loc="upper left")
    edges = np.linspace(0, 1, figures.BINS + 1)
    counts = np.bincount(placed, minlength=figures.BINS)
    below.stairs(counts, edges, fill=True, color="#9aa7b1")
    below.set(xlabel="confidence", ylabel="questions")
    chart.savefig(path, dpi=120)


def thresholds(
    path: Path, name: str, table: Sequence[figures.Figures], floor: float
) -> None:
    """Precision and recall of answering and of declining, by floor."""
    chart = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = chart.subplots()
    for what, colour in COLOURS.items():
        _curve(axes, table, f"{what}_precision", colour, "-")
        _curve(axes, table, f"{what}_recall", colour, "--")
    axes.axvline(floor, color="#888888", linestyle=":", label=f"floor {floor:g}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="floor", ylabel="share of questions")
    axes.set_title(f"{name}: answering and declining by floor")
    chart.legend(loc="outside lower center", ncols=3, fontsize="small")
    chart.savefig(path, dpi=120)


def _curve(
    axes: Axes, table: Sequence[figures.Figures], name: str, colour: str, line: str
) -> None:
    points = [(row["floor"], row[name]) for row in table if name in row]
    if points:
        across, up = zip(*points, strict=True)
        label = name.replace("_", ": ")
        axes.plot(across, up, color=colour, linestyle=line, label=label)
