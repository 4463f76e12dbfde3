"""The command line: parse, call one workflow, render, exit.

Its language is bound here, before anything else is imported: the command framework translates its
titles when it is imported.
"""

import os
import sys

from screener.language import bind_process

bind_process(sys.argv[1:], os.environ)
