"""Lesson 04: the kernel bench, and the receptive field of a chain of layers."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Make three outputs with cells that are never seen: a stride of 2 over 8 cells."""
    start_mission(widget, "Make 3 outputs with some input cells never seen")
    widget.get_by_label("Stride s").focus()
    lab.page.keyboard.press("ArrowRight")


WALK = Walk(
    lesson="04-convolutional-networks",
    question="cn.move.gate",
    explorable="kernel-bench",
    mission=mission,
    exercise="receptive_field",
    wrong="""def receptive_field(kernel, stride, dilation):
    return int(sum(kernel))""",
    diagnosis="The kernel sizes are added up",
    right="""def receptive_field(kernel, stride, dilation):
    field, jump = 1, 1
    for k, s, d in zip(kernel, stride, dilation):
        field += d * (k - 1) * jump
        jump *= s
    return field""",
)
