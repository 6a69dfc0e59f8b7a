"""Lesson 07: the generator bench, and the price of a cloud."""

from tests.browser.walks import Walk, start_mission


def mission(lab, widget):
    """Make the VAE draw the average digit: a mean over pixels in its loss."""
    start_mission(widget, "Choose a loss that makes")
    widget.get_by_label("Loss", exact=True).select_option("recon-mean")


WALK = Walk(
    lesson="07-generative-models",
    question="gm.odd.simple",
    explorable="generator-bench",
    mission=mission,
    exercise="kl_to_standard_normal",
    wrong="""def kl_to_standard_normal(mean, log_variance):
    return 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).mean(axis=1)""",
    diagnosis="You take the mean over the code numbers",
    right="""def kl_to_standard_normal(mean, log_variance):
    return 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)""",
)
