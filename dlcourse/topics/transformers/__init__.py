"""Transformers: attention by hand, the attention loom, a small GPT, exercises and figures."""
