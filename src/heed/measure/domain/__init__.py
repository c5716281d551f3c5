"""What is asked of the lake, and how moods change. Pure."""
