"""What a screen would have earned: names chosen anew from time to time, held with one account."""
