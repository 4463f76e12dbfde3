"""Files and text as they leave: written whole or not at all, and clean."""
