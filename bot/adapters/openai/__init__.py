"""The analyst that asks a language model, at OpenAI or any server that takes its chat completions."""

from bot.adapters.openai.analyst import ModelAnalyst

__all__ = ["ModelAnalyst"]
