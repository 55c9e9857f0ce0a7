"""What starts the product: the command line, the HTTP API, the worker, and the sandbox providers."""
