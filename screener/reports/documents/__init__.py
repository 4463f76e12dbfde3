"""Files of reports as text: HTML, Markdown, PDF, archives, within bounds."""
