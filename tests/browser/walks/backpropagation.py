"""Lesson 02: the microscope, and back through ReLU."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Make the numerical check reject a right gradient: the smallest step there is."""
    start_mission(widget, "Make the gradient check reject")
    widget.get_by_label("Step of the numerical gradient").focus()
    lab.page.keyboard.press("Home")


WALK = Walk(
    lesson="02-backpropagation",
    question="bp.chain.direction",
    explorable="backprop-microscope",
    mission=mission,
    exercise="relu_backward",
    wrong="""def relu_backward(g, z):
    return g * np.maximum(z, 0)""",
    diagnosis="multiply by the activation itself",
    right="""def relu_backward(g, z):
    return np.where(z > 0, g, 0.0)""",
    errors=1,  # section 5 overwrites a leaf
)
