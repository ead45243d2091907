"""datagram."""
