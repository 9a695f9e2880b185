"""What is wrong with a file, in one line."""


class YamlMistake(ValueError):
    """A file that is refused: one line with its name, the line in it, and what to write."""
