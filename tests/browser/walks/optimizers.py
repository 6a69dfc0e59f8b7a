"""Lesson 03: Adam without its correction, and one step of AdamW."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Make Adam's first step three times too long: switch its correction off."""
    start_mission(widget, "Make Adam’s first step")
    widget.get_by_role("switch", name="Bias correction").click()


WALK = Walk(
    lesson="03-optimizers",
    question="op.cond.stall",
    explorable="momentum-terrain",
    mission=mission,
    exercise="adamw_step",
    wrong="""def adamw_step(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    g = g + decay * w
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v""",
    diagnosis="The decay went into the gradient",
    right="""def adamw_step(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * (m_hat / (np.sqrt(v_hat) + eps) + decay * w), m, v""",
)
