"""Vocabulary of the reader as data: brokers, themes, cues and words."""
