"""Data sets that a person can pick beside their own: torchvision's, image folders, tables, texts."""
