"""How every figure of the book looks.

One colour for one idea, through all chapters; the palette is Okabe and Ito's, which readers
who see colours differently can tell apart, a shade darker so that labels can be written in it.
Figures are drawn as SVG with dark ink on white; the book turns them for its dark mode.
"""

import matplotlib as mpl

COLOURS = {
    "model": "#0068A8",  # what we trained
    "rival": "#B84E00",  # what it is compared with
    "human": "#007A58",  # what people wrote
    "floor": "#6B6B6B",  # what needs no learning
    "accent": "#A8487E",
}

RC = {
    "figure.figsize": (4.8, 3.0),
    "figure.constrained_layout.use": True,
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.prop_cycle": mpl.cycler(color=list(COLOURS.values())),
    "text.color": "#222222",
    "axes.labelcolor": "#222222",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "lines.linewidth": 2,
    "svg.hashsalt": "afterword",  # the same figure is the same file
}


def use_style() -> None:
    """Set matplotlib to the book's style; in a notebook, have it draw SVG without a date."""
    mpl.rcParams.update(RC)
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # a plain script
        return
    set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})
