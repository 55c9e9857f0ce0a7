"""The rules of booking, availability, money and time: plain Python, no input or output, no clock, no third party."""
