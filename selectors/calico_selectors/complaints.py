from calico_selectors.errors import InvalidSelector


from calico_selectors.machine import Stopped


def complaint(text: str, stopped: Stopped) -> InvalidSelector:
    return InvalidSelector(
        text, stopped.position, stopped.position, repr(sorted(stopped.expected)) + repr(stopped.symbols[-1:])
    )
