"""The adapters that come with the program, offered as plugins in the same way as anybody else's."""
