"""Makes the documentation: `python -m docs.making write|check|build FOLDER`.

References come from what declares them (result tables, fields, the command line, docstrings, the
catalog of sentences), and what command blocks print comes from running them. Nothing here is part
of the program.
"""
