"""Lesson 11: the trust bench, and the fast gradient sign."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Find a map that survives random weights: gradient times input by its size."""
    start_mission(widget, "Find a map that looks the same")
    group = widget.get_by_role("group", name="Shown with")
    group.get_by_role("radio", name="its size", exact=True).check(force=True)


WALK = Walk(
    lesson="11-trust",
    question="tw.look.baseline",
    explorable="trust-bench",
    mission=mission,
    exercise="fgsm",
    wrong="""def fgsm(model, x, y, eps):
    inputs = x.clone().requires_grad_(True)
    loss = torch.nn.functional.cross_entropy(model(inputs), y)
    (slope,) = torch.autograd.grad(loss, inputs)
    return (x - eps * slope.sign()).clamp(0, 1)""",
    diagnosis="The loss falls this way",
    right="""def fgsm(model, x, y, eps):
    inputs = x.clone().requires_grad_(True)
    loss = torch.nn.functional.cross_entropy(model(inputs), y)
    (slope,) = torch.autograd.grad(loss, inputs)
    return (x + eps * slope.sign()).clamp(0, 1)""",
)
