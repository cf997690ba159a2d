"""What netft says of random states of labs is what gets through (tests/functional/truth)."""
from support.registry import test
from truth import meter

SHORT, LONG = range(1000, 1012), range(2000, 2300)


def look(binaries, seeds, cuts):
    done, found = meter.run(binaries, len(seeds), seeds[0], cuts,
                            lambda line: print(f"     {line}", flush=True))
    assert done == len(seeds) and not found, f"lies in the states of seeds {[n for n, *_ in found]}"


@test(seconds=400)
def a_dozen_random_states(binaries):
    look(binaries, SHORT, "one")


@test(seconds=3 * 3600, long=True)
def three_hundred_random_states(binaries):
    look(binaries, LONG, "all")
