"""Lesson 05: gradient through time, and the last real state."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Shorten a gradient without turning it: choose clipping by norm."""
    start_mission(widget, "Shorten the gradient")
    widget.get_by_role("radio", name="by norm").check()


WALK = Walk(
    lesson="05-recurrent-networks",
    question="rn.state.axis",
    explorable="gradient-through-time",
    mission=mission,
    exercise="last_real",
    wrong="""def last_real(h, lengths):
    return h[:, -1]""",
    diagnosis="That is the last column",
    right="""def last_real(h, lengths):
    return np.stack([row[n - 1] for row, n in zip(h, lengths)])""",
)
