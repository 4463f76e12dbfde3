"""Study: events, placebo baskets, verdicts."""
