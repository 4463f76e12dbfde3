"""One file a kind of table: the rows that a user's file of it becomes."""
