"""What the commands do: each workflow reads, computes and returns values to be shown."""
