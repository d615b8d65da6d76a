"""The version that comes after the present one, for tests alone: it adds, renames and drops columns of tasks.

Its migrations follow those of `dispatch`; `settings` lets `manage.py` know them. What is safe here and what is not
is known beforehand, so that the checks of real migrations are seen to fail.
"""
