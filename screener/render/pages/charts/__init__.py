"""Charts as SVG that fits any width without a script: lengths in percent, letters in pixels."""
