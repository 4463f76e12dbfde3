"""How a command meets the terminal: exits, screens, language, imports spared."""
