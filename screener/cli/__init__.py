"""The command line: parse, call one workflow, render, exit.

Its language is bound here, before anything else is imported: the command framework translates its
titles when it is imported.
"""

import os
import sys
from pathlib import Path

from screener.language import bind_process
from screener.workspace.settings import spoken_environ

bind_process(sys.argv[1:], spoken_environ(sys.argv[1:], os.environ, Path.cwd()))
