"""Data sets by name: the digits, torchvision's, image folders, tables, texts."""
