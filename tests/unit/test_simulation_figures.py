"""Pictures of the simulator and of the scalp show what they were given."""

import numpy as np
from matplotlib.figure import Figure

from multisource.figures.simulation import spectra_figure
from multisource.figures.topography import draw_topography
from multisource.simulation.ar import ARModels, power_spectrum

ALPHA = np.array([1.6, -0.9])
MODELS = ARModels(("one", "two"), (ALPHA, np.array([0.5])), np.array([0.4, 0.6]), 250.0)


def test_a_perfect_fit_lies_on_the_measured_spectrum_whatever_its_scale():
    freqs = np.linspace(0, 125, 251)
    measured = np.stack([7e-9 * power_spectrum(a, freqs, 250.0) for a in MODELS.coefficients])
    figure = spectra_figure(MODELS, freqs, measured)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title().split()[0] for axes in shown] == ["one", "two"]
    for axes in shown:
        first, second = axes.get_lines()
        np.testing.assert_allclose(first.get_ydata(), second.get_ydata(), rtol=1e-6)
        assert first.get_xdata().min() >= 1 and first.get_xdata().max() <= 60


def test_the_nose_is_up_and_the_left_is_left():
    electrodes = np.array([[0, 90, 30.0], [0, -90, 30], [-80, 0, 30], [80, 0, 30], [0, 0.1, 120]])
    axes = Figure().subplots()
    draw_topography(axes, np.arange(5.0), electrodes)
    dots = next(line for line in axes.get_lines() if line.get_marker() == ".")
    place = dots.get_xydata()
    assert place[0, 1] > 1 > place[4, 1] > -1 > place[1, 1]
    assert place[2, 0] < -1 < place[4, 0] < 1 < place[3, 0]
