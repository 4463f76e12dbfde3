"""What pages show beside a result: valuations, claims, random baskets, the verdict."""
