"""One file a provider: what it is asked, and its answers as rows."""
