"""An airline: bookings that can be cancelled, moved to another day, upgraded and corrected."""
