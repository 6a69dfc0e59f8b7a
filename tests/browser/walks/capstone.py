"""Lesson 12: the leak detector once more, and constant velocity without walls."""

from tests.browser.walks import Walk
from tests.browser.walks.overfitting import mission

WALK = Walk(
    lesson="12-capstone",
    question="cp.data.group",
    explorable="leak-detector",
    mission=mission,
    exercise="constant_velocity",
    wrong="""def constant_velocity(seen, ahead, low, high):
    speed = seen[:, -1] - seen[:, -2]
    return seen[:, -1][:, None] + speed[:, None] * np.arange(1, ahead + 1)[:, None]""",
    diagnosis="flies through the wall",
    right="""def constant_velocity(seen, ahead, low, high):
    speed = seen[:, -1] - seen[:, -2]
    straight = seen[:, -1][:, None] + speed[:, None] * np.arange(1, ahead + 1)[:, None]
    room = high - low
    return high - np.abs((straight - low) % (2 * room) - room)""",
)
