"""Sensor networks come in here: formats, decoders, calibration, and what happens to messages that make no sense."""
