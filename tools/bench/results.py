"""Values by metric and peer, a value a round; medians and ratios."""
import statistics


class Results:
    def __init__(self):
        self._values = {}  # (metric, peer) -> [value or None a round]

    def add(self, metric, peer, value):
        """None: it could not be measured in this round."""
        self._values.setdefault((metric, peer), []).append(value)

    def values(self, metric, peer):
        return self._values.get((metric, peer), [])

    def peers_of(self, metric):
        return [peer for name, peer in self._values if name == metric]

    def metrics(self):
        return list(dict.fromkeys(metric for metric, _ in self._values))

    def median(self, metric, peer):
        measured = [value for value in self.values(metric, peer) if value is not None]
        return statistics.median(measured) if measured else None

    def ratio(self, metric, peer, base):
        """The median of the rounds' ratios; None when no round has both."""
        pairs = zip(self.values(metric, peer), self.values(metric, base))
        ratios = [value / other for value, other in pairs if value is not None and other]
        return statistics.median(ratios) if ratios else None
