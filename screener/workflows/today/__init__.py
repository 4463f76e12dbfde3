"""What happened since the last look."""
