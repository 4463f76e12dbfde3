"""`python -m screener`: the console command."""

from screener.cli.main import run

run()
