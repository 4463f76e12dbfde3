"""Text as the reader sees it: cleaned, laid out, with words and spans."""
