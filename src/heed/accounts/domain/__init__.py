"""What a customer belongs to, folded from events."""
