"""What customers will do and be worth, and whom they are like. Pure."""
