"""@test: declares a test and the lab it wants."""
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Test:
    name: str
    run: typing.Callable
    spec: object  # lab.spec.Spec; None: the test makes what it needs
    fresh: bool  # a lab of its own, not one shared with other tests of the same spec
    long: bool  # only with --long
    figure: bool  # a time or a rate decides it: not with --short, where sanitizers slow netftd
    seconds: int  # it has failed when it is not over by then


TESTS = []


def test(spec=None, fresh=False, long=False, figure=False, seconds=90):
    def register(function):
        module = function.__module__.removeprefix("test_")
        name = f"{module}: {function.__name__.replace('_', ' ')}"
        TESTS.append(Test(name, function, spec, fresh, long, figure, seconds))
        return function
    return register


class Skip(Exception):
    """The test cannot be run here; the text says why."""
