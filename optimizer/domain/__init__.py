"""The words of the trade as frozen values; every invalid value is refused with all its issues at once."""
