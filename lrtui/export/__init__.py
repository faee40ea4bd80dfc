"""What a record can be turned into."""
