"""Lesson 06: the attention loom, and the causal mask."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Seal the future: minus infinity before the softmax."""
    start_mission(widget, "Make both leak meters read 0")
    widget.get_by_label("Mask", exact=True).select_option("causal")


WALK = Walk(
    lesson="06-transformers",
    question="tr.mask.late",
    explorable="attention-loom",
    mission=mission,
    exercise="causal_weights",
    wrong="""def causal_weights(scores):
    T, S = scores.shape
    e = np.exp(scores - scores.max(1, keepdims=True))
    w = e / e.sum(1, keepdims=True)
    return w * np.tri(T, S, S - T)""",
    diagnosis="The mask comes after the softmax",
    right="""def causal_weights(scores):
    T, S = scores.shape
    scores = np.where(np.tri(T, S, S - T) == 1, scores, -np.inf)
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)""",
)
