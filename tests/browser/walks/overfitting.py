"""Lesson 08: the leak detector, and dropout in its two modes."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Report more than 90 % on dice: copy with noise before the split."""
    start_mission(widget, "Report more than 90")
    widget.get_by_role("switch", name="Copy with noise").press("Space")
    step = widget.get_by_role("button", name="copy with noise, step")
    step.focus()
    lab.page.keyboard.press("Home")


WALK = Walk(
    lesson="08-overfitting",
    question="of.leak.best-of",
    explorable="leak-detector",
    mission=mission,
    exercise="dropout_forward",
    wrong="""def dropout_forward(x, p, training, noise):
    return x * (noise >= p) if training else x""",
    diagnosis="not rescaled",
    right="""def dropout_forward(x, p, training, noise):
    return np.where(noise >= p, x / (1 - p), 0.0) if training else x""",
)
