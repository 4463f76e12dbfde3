"""Stock screener and thematic-basket backtester for readers of Chinese broker research."""
