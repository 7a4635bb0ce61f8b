"""A shop: orders that can be cancelled, redirected, returned and exchanged."""
