"""Values with their labels in, drawings as SVG text out. Pure; matplotlib is loaded by the first drawing.

No drawing knows a language: every word comes with the values. Each is read without colour.
"""

from eval.rendering.figures.curves import calibration, risk, saturation
from eval.rendering.figures.forest import Row, forest
from eval.rendering.figures.heatmap import heatmap
from eval.rendering.figures.strips import Spot, prevalence, strip

__all__ = ["Row", "Spot", "calibration", "forest", "heatmap", "prevalence", "risk", "saturation", "strip"]
