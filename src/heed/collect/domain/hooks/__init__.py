"""What other systems push by themselves: who signed it, and which calls it comes to."""
