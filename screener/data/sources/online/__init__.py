"""Public sources on the network: each asks in three steps, and only the wire leaves the machine."""
