"""Lesson 10: the clock that was read too early, and the roofline's three times."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Report less than a tenth of the true time: read the clock without waiting."""
    start_mission(widget, "Make the clock report")
    group = widget.get_by_role("group", name="The program waits")
    group.get_by_role("radio", name="never", exact=True).check(force=True)


WALK = Walk(
    lesson="10-hardware",
    question="hw.roof.fewer",
    explorable="roofline-ledger",
    mission=mission,
    exercise="roofline_time",
    wrong="""def roofline_time(flops, moved, peak, bandwidth, launch):
    return flops / moved, flops / peak""",
    diagnosis="Only the arithmetic is timed",
    right="""def roofline_time(flops, moved, peak, bandwidth, launch):
    return flops / moved, max(flops / peak, moved / bandwidth, launch)""",
)
