"""Groups of commands that `dlcourse.cli` includes."""
