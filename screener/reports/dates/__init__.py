"""When a report was published: printed, hinted, estimated."""
