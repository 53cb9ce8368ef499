"""A language model at OpenAI, or at any server that takes its chat completions."""

from bot.adapters.openai.model import OpenAIModel

__all__ = ["OpenAIModel"]
