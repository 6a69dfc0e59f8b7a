"""Lesson 01: the folded plane, and one layer with its ReLU."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Make the whole plane one flat piece: take the activation away."""
    start_mission(widget, "With three hidden layers")
    group = widget.get_by_role("group", name="Activation")
    group.get_by_role("radio", name="none", exact=True).check(force=True)


WALK = Walk(
    lesson="01-neural-networks",
    question="nn.bend.first",
    explorable="fold-plane",
    mission=mission,
    exercise="dense_relu",
    wrong="""def dense_relu(x, weight, bias):
    return np.maximum(x @ weight.T, 0) + bias""",
    diagnosis="The bias comes after the ReLU",
    right="""def dense_relu(x, weight, bias):
    z = x @ weight.T + bias
    return np.where(z > 0, z, 0.0)""",
)
