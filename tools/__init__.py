"""What the repository needs to keep its own rules; nothing here ships."""
