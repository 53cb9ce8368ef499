"""Real servers that nobody here wrote, standing in for GitHub, Slack and a model.

`fixtures.py` holds the pytest fixtures; the other modules say what each server does and what our proxies add.
"""
