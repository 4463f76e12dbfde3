"""Those who make the calls: scores, ranks, and what of them is chance."""
