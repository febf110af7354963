"""Programs that the guest's Python runs; they are sent as text and know nothing of this package."""
