"""The LAN arena shooter: rules (simulation), bots, client."""
