"""Labelled clips and pictures: reading, growing, checking and splitting data sets."""
