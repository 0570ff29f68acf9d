"""A model as data: its files, its networks on LiteRT, its normalizations."""
