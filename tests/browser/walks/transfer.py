"""Lesson 09: a body that is lent where it harms, and a shift that must not roll."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Ten points below a random body: ask a body that ignores the place for the place."""
    start_mission(widget, "Find a target on which the whole body")
    widget.get_by_label("Target", exact=True).select_option("place")


WALK = Walk(
    lesson="09-data-and-transfer",
    question="dt.prep.clinic",
    explorable="transfer-balance",
    mission=mission,
    exercise="shift_images",
    wrong="""def shift_images(x, by):
    return np.stack([np.roll(i, tuple(d), axis=(0, 1)) for i, d in zip(x, by)])""",
    diagnosis="comes back on the other",
    right="""def shift_images(x, by):
    out = np.zeros_like(x)
    H, W = x.shape[1:]
    for new, old, (d, r) in zip(out, x, by):
        a, b = old[max(-d, 0):H - max(d, 0)], new[max(d, 0):H - max(-d, 0)]
        b[:, max(r, 0):W - max(-r, 0)] = a[:, max(-r, 0):W - max(r, 0)]
    return out""",
)
