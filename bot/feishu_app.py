"""Feishu, composed: the gateway, and what listens to it."""
