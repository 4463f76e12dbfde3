"""What brokers promise: rating definitions, words, bands and horizons."""
