"""What the use cases ask of the outside, as protocols; adapters keep these promises without inheriting from them."""
