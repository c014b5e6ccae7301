"""Cairnet."""
