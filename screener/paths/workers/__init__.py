"""Who does the work: this process, copies of it, or the workers of a cluster."""
