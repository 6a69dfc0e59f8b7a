"""What lessons call: the only room that knows Jupyter."""

from . import plots as plots
from .exercise import check as check
from .exercise import exercise as exercise
from .exercise import hint as hint
from .exercise import solution as solution
from .explorable import explore as explore
from .figures import show as show
from .home import applications as applications
from .home import home as home
from .lesson import begin as begin
from .quiz import quiz as quiz
from .quiz import review as review
from .source import source as source
from .table import table as table
from .twins import compare as compare
from .twins import compare_function as compare_function
