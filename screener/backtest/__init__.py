"""The backtest: windows priced, simulated by vectorbt, measured against a benchmark."""
