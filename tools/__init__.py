"""Tools for those who make the course: course.py calls them; the course itself never does."""
