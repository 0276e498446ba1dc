"""Strings, brackets and comments that look like code. def not_here(): pass"""
import functools

# Belongs to the function below.
@functools.lru_cache(
    maxsize=None,
)
def decorated(x, *, key=lambda y: {"def": y}):
    '''Holds a fake: 
def fake():
    pass
    '''
    return f"{x!r:>{10}} {key('}')['def']} {{def}}"


class Outer:
    """A class."""

    limit = {
        "a": 1,
    }

    def first(self): return r'\'' + b"\"".decode()  # one line

    async def second(
        self,
        text: str = """
def fake_default(): pass
""",
    ) -> dict[str, int]:
        if text and \
                len(text) > 1:
            def nested():
# a comment at the margin
                return ")" * 2
            return {"x": nested()}
        # still second's
    # the class's

    class Inner:
        @property
        def value(self):
            return 1

        @value.setter
        def value(self, new): self._value = new


if True:
    def conditional():
        return f'{"a" if True else "b"} { {1: 2}[1]:{"0"}>3}'
else:
    def conditional(): pass

tail = [
    1,
]
