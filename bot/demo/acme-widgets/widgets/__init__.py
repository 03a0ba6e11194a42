"""What a small workshop has in stock, and what it costs."""
