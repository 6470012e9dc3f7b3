"""What is wrong with a text that is no selector."""


class InvalidSelector(ValueError):  # noqa: N818 - the name is part of the contract
    def __init__(self, text: str, start: int, end: int, message: str) -> None:
        super().__init__(text, start, end, message)
        self.text = text
        self.start = start
        self.end = end
        self.message = message
